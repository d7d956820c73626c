/**
 * How much of one client's traffic may be held in memory. Apache holds whatever comes: a client that does not read
 * is closed by its session's timeout at the earliest.
 */

/** Replies and events waiting to be taken by one client: above this its requests are not read any more. */
export const OUTPUT_PAUSE_BYTES = 1024 * 1024;
/**
 * Above this its connection is closed: requests in flight must be answered and watches fire whether it reads or not.
 * One reply may be larger than that by itself, and is not held against the client.
 */
export const OUTPUT_CLOSE_BYTES = 64 * 1024 * 1024;
/**
 * One reply to a read, or what jute.maxbuffer allows a node's data where that is more. A longer one is
 * MARSHALLINGERROR. The names of two million children fit, and no client takes as much unless it is told to.
 */
export const REPLY_MAX_BYTES = 64 * 1024 * 1024;
/** The bytes that surround the data of a node in its reply. */
export const REPLY_FRAME_BYTES = 1024;
/** The results of one multiRead beyond the first: a client names a node of a megabyte in a few bytes. */
export const MULTI_READ_MAX_BYTES = 16 * 1024 * 1024;
/**
 * The share of one connection in a turn of the event loop, in requests and in time. The rest follows in later turns,
 * and the other connections are served in between. A turn that has taken TURN_MS for all gives each one request more.
 */
export const SHARE_REQUESTS = 500;
export const SHARE_MS = 3;
export const TURN_MS = 10;
/** Watches of a closed connection that are forgotten in one turn: a client may have set a million. */
export const WATCHES_FORGOTTEN_A_TURN = 1000;
/** Connections that are closed in one turn when their role is over. */
export const CONNECTIONS_CLOSED_A_TURN = 200;
/** The output of as many connections is sent in one turn as fits into this. */
export const FLUSH_MS = 5;
/**
 * Reads in front of a write of the same connection that is under way. They have to be answered before it is applied,
 * all in one turn. Behind more of them a write is held back until they are answered.
 */
export const READS_BEFORE_WRITE_MAX = 64;
/** The same over all connections, those that are closing too: above this the ones with the most are cut off. */
export const OUTPUT_TOTAL_MAX_BYTES = 512 * 1024 * 1024;
/** The part of it that is left then. */
export const OUTPUT_TOTAL_LEFT_BYTES = 384 * 1024 * 1024;
/** How long a connection that the server closed may take to take what it was sent last. */
export const CLOSING_MS = 5000;
/** File descriptors that clients do not get: the log, snapshots, the other servers, operators. */
export const DESCRIPTORS_KEPT = 128;
/** Requests of one connection waiting for a commit or behind one. The global limit comes in earlier unless raised. */
export const PENDING_REQUESTS_MAX = 10_000;
/** Bytes of those requests. */
export const PENDING_REQUEST_BYTES_MAX = 16 * 1024 * 1024;
/** The same over all connections: from here on each connection gets one request at a time in. */
export const PENDING_REQUEST_BYTES_GLOBAL_MAX = 256 * 1024 * 1024;
