/**
 * How much one client's identity may cost others. Apache bounds none of it: every request carries all ids to the
 * leader, an `auth:` entry becomes all of them, and each check compares each entry with each id.
 */

/** Ids that one connection may prove; a client that proves one more is refused. */
export const AUTH_IDS_MAX = 128;
/** Bytes of them together. */
export const AUTH_ID_BYTES_MAX = 16 * 1024;
/** Entries of an ACL that a client asks for, `auth:` expanded; a longer one is INVALIDACL. */
export const ACL_ENTRIES_MAX = 1024;
