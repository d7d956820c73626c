/*
 * The benchmark's load: raw ZooKeeper frames from one thread on epoll, so that the machine's time goes to the server and
 * not to its clients. Every reply is checked: its xid is the next one expected, its error code is 0, its length is right.
 * An unexpected reply ends the run.
 *
 *   generator OPERATION key=value...
 *
 *   hosts=ADDRESS:PORT,...  IPv4; clients take them in turn
 *   clients=N outstanding=M requests under way on each connection
 *   warm=S seconds=S        not counted, counted
 *   bytes=B nodes=K         size of a node's data; nodes read or written, each client has some of its own
 *   tls=1                   over TLS 1.3 with AES-128-GCM, whatever certificate is shown; if it was compiled with WITH_TLS
 *
 *   get set mix exists children     on nodes that `prepare` made; mix is nine reads and one write
 *   get-big                         of the one node that `prepare-big` made
 *   create-sequential               ephemeral sequential nodes below /bench-seq
 *   prepare                         the nodes for the above: /bench/0 to /bench/K-1, /bench-wide with 1,000 children
 *   load                            creates /load/<i/1000>/<i> for i below K, once
 *   take-third put-third            of those that `load` made: deletes every third, creates them again; once
 *   get-loaded                      reads those that `load` made, here and there
 *   sessions                        opens `clients` sessions, tells so, holds them until standard input ends
 *   watch                           `clients` sessions watch one node; from its change to the last event, 10 times
 *
 * One JSON object on standard output: operations, seconds, microseconds at p50, p99, p99.9 and at most, CPU microseconds of
 * this process for each operation. When counting begins and ends it says so on standard error: "begin", "end".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#endif

enum { CREATE = 1, DELETE = 2, EXISTS = 3, GET_DATA = 4, SET_DATA = 5, GET_CHILDREN = 8 };
enum { MAX_HOSTS = 16, CONNECTING_AT_ONCE = 256, WIDE = 1000, CHANGES = 10 };

struct request {
  uint64_t sent_ns;
  int32_t xid;
  int type;
};

struct client {
  int fd;
  int id;
  int is_open; /* has its session */
  int wants_write;
  int32_t next_xid;
  char *out;
  size_t out_length, out_sent, out_room;
  char *in;
  size_t in_length, in_room;
  struct request *ring; /* under way, oldest first */
  unsigned head, count;
  unsigned turn;
#ifdef WITH_TLS
  SSL *ssl;
#endif
};

static struct sockaddr_in hosts[MAX_HOSTS];
static int host_count, client_count = 1, outstanding = 1, data_bytes = 100, node_count = 1;
static double warm_seconds, run_seconds = 1;
static const char *operation;
static struct client *clients;
static int epoll_fd;
static char *payload;
static long next_node; /* load: the next one to create */
static int events_seen;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *form, ...) {
  va_list args;
  va_start(args, form);
  fprintf(stderr, "generator: ");
  vfprintf(stderr, form, args);
  fprintf(stderr, "\n");
  va_end(args);
  exit(1);
}

/* Latencies: steps of 1 us to 10 ms, then of 100 us to 100 s. */
enum { FINE = 10000, COARSE = 1000000 };
static uint64_t fine[FINE], coarse[COARSE], counted;
static uint64_t largest_us;
static int is_counting;

static void count_latency(uint64_t ns) {
  uint64_t us = ns / 1000;
  if (!is_counting) return;
  counted++;
  if (us > largest_us) largest_us = us;
  if (us < FINE) fine[us]++;
  else coarse[us / 100 < COARSE ? us / 100 : COARSE - 1]++;
}

static uint64_t quantile(double q) {
  uint64_t rank = (uint64_t)(q * (double)counted), seen = 0;
  for (uint64_t i = 0; i < FINE; i++) {
    seen += fine[i];
    if (seen > rank) return i;
  }
  for (uint64_t i = 0; i < COARSE; i++) {
    seen += coarse[i];
    if (seen > rank) return i * 100;
  }
  return largest_us;
}

static double cpu_seconds(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) + (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

/* Bytes out */

static char *reserve(struct client *c, size_t more) {
  if (c->out_sent == c->out_length) c->out_sent = c->out_length = 0;
  if (c->out_length + more > c->out_room) {
    c->out_room = (c->out_length + more) * 2;
    c->out = realloc(c->out, c->out_room);
  }
  char *at = c->out + c->out_length;
  c->out_length += more;
  return at;
}

static char *put_int(char *at, int32_t value) {
  uint32_t big = htonl((uint32_t)value);
  memcpy(at, &big, 4);
  return at + 4;
}

static char *put_bytes(char *at, const void *bytes, int length) {
  at = put_int(at, length);
  memcpy(at, bytes, (size_t)length);
  return at + length;
}

static int32_t get_int(const char *at) {
  uint32_t big;
  memcpy(&big, at, 4);
  return (int32_t)ntohl(big);
}

static void watch_writes(struct client *c, int wanted) {
  if (c->wants_write == wanted) return;
  c->wants_write = wanted;
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* The two ways of a byte: as send and recv, with EAGAIN where TLS waits for the other side, and has_more behind a read. */
#ifdef WITH_TLS
static SSL_CTX *tls;

static void open_door(void) {
  tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(tls, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(tls, 1);
}

static void enter(struct client *c) {
  if (tls == NULL) return;
  c->ssl = SSL_new(tls);
  SSL_set_fd(c->ssl, c->fd);
  SSL_set_connect_state(c->ssl);
}

static ssize_t tls_result(struct client *c, int done, int *waits_for_read) {
  if (done > 0) return done;
  int error = SSL_get_error(c->ssl, done);
  if (error == SSL_ERROR_ZERO_RETURN) return 0;
  *waits_for_read = error == SSL_ERROR_WANT_READ;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) errno = EAGAIN;
  else errno = EPROTO;
  return -1;
}

static ssize_t send_some(struct client *c, int *waits_for_read) {
  const char *from = c->out + c->out_sent;
  size_t length = c->out_length - c->out_sent;
  if (c->ssl == NULL) return send(c->fd, from, length, MSG_NOSIGNAL);
  return tls_result(c, SSL_write(c->ssl, from, (int)length), waits_for_read);
}

static ssize_t receive(struct client *c, size_t room) {
  int ignored;
  if (c->ssl == NULL) return recv(c->fd, c->in + c->in_length, room, 0);
  return tls_result(c, SSL_read(c->ssl, c->in + c->in_length, (int)room), &ignored);
}

static int has_more(struct client *c) { return c->ssl != NULL && SSL_has_pending(c->ssl); }
#else
static void open_door(void) { die("compiled without TLS"); }
static void enter(struct client *c) { (void)c; }
static ssize_t send_some(struct client *c, int *waits_for_read) {
  (void)waits_for_read;
  return send(c->fd, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
}
static ssize_t receive(struct client *c, size_t room) { return recv(c->fd, c->in + c->in_length, room, 0); }
static int has_more(struct client *c) { return (void)c, 0; }
#endif

static void flush(struct client *c) {
  while (c->out_sent < c->out_length) {
    int waits_for_read = 0;
    ssize_t sent = send_some(c, &waits_for_read);
    if (sent < 0) {
      if (errno == EAGAIN) {
        watch_writes(c, !waits_for_read);
        return;
      }
      die("client %d: send: %s", c->id, strerror(errno));
    }
    c->out_sent += (size_t)sent;
  }
  watch_writes(c, 0);
}

static void under_way(struct client *c, int32_t xid, int type) {
  struct request *r = &c->ring[(c->head + c->count++) % (unsigned)outstanding];
  r->sent_ns = now_ns();
  r->xid = xid;
  r->type = type;
}

/* A request whose record is a path, and what follows it. */
static void ask(struct client *c, int type, const char *path, const void *rest, int rest_length) {
  int path_length = (int)strlen(path);
  int length = 8 + 4 + path_length + rest_length;
  char *at = reserve(c, 4 + (size_t)length);
  at = put_int(at, length);
  at = put_int(at, ++c->next_xid);
  at = put_int(at, type);
  at = put_bytes(at, path, path_length);
  if (rest_length > 0) memcpy(at, rest, (size_t)rest_length);
  under_way(c, c->next_xid, type);
}

static void ask_read(struct client *c, int type, const char *path, char watch) { ask(c, type, path, &watch, 1); }

static void ask_set(struct client *c, const char *path) {
  char *rest = malloc((size_t)data_bytes + 8);
  put_int(put_bytes(rest, payload, data_bytes), -1);
  ask(c, SET_DATA, path, rest, data_bytes + 8);
  free(rest);
}

static void ask_delete(struct client *c, const char *path) {
  char version[4];
  put_int(version, -1);
  ask(c, DELETE, path, version, 4);
}

/* data, one ACL entry (all, world, anyone), flags */
static void ask_create(struct client *c, const char *path, int bytes, int flags) {
  int length = 4 + bytes + 4 + 4 + 4 + 5 + 4 + 6 + 4;
  char *rest = malloc((size_t)length), *at = put_bytes(rest, payload, bytes);
  at = put_int(at, 1);
  at = put_int(at, 31);
  at = put_bytes(at, "world", 5);
  at = put_bytes(at, "anyone", 6);
  put_int(at, flags);
  ask(c, CREATE, path, rest, length);
  free(rest);
}

/* The next request of this client; 0 when there is none any more. */
static int ask_next(struct client *c) {
  char path[64];
  unsigned turn = c->turn++;
  int mine = (int)((unsigned)c->id * 7919u + turn) % node_count;
  if (!strcmp(operation, "load")) {
    if (next_node >= node_count) return 0;
    long i = next_node++;
    snprintf(path, sizeof path, "/load/%ld/%ld", i / 1000, i);
    ask_create(c, path, data_bytes, 0);
    return 1;
  }
  if (!strcmp(operation, "take-third") || !strcmp(operation, "put-third")) {
    if (next_node >= node_count) return 0;
    long i = next_node;
    next_node += 3;
    snprintf(path, sizeof path, "/load/%ld/%ld", i / 1000, i);
    if (operation[0] == 'p') ask_create(c, path, data_bytes, 0);
    else ask_delete(c, path);
    return 1;
  }
  if (!strcmp(operation, "get-loaded")) {
    long i = (long)((uint64_t)(next_node++) * 2654435761u % (uint64_t)node_count);
    snprintf(path, sizeof path, "/load/%ld/%ld", i / 1000, i);
    ask_read(c, GET_DATA, path, 0);
    return 1;
  }
  if (!strcmp(operation, "create-sequential")) {
    ask_create(c, "/bench-seq/n-", data_bytes, 3);
    return 1;
  }
  if (!strcmp(operation, "children")) {
    ask_read(c, GET_CHILDREN, "/bench-wide", 0);
    return 1;
  }
  if (!strcmp(operation, "get-big")) {
    ask_read(c, GET_DATA, "/bench-big", 0);
    return 1;
  }
  snprintf(path, sizeof path, "/bench/%d", mine);
  if (!strcmp(operation, "get")) ask_read(c, GET_DATA, path, 0);
  else if (!strcmp(operation, "exists")) ask_read(c, EXISTS, path, 0);
  else if (!strcmp(operation, "set")) ask_set(c, path);
  else if (turn % 10 == 9) ask_set(c, path);
  else ask_read(c, GET_DATA, path, 0);
  return 1;
}

/* Bytes in */

static void on_reply(struct client *c, const char *frame, int length) {
  if (!c->is_open) {
    if (length < 36 || get_int(frame + 4) == 0) die("client %d: no session", c->id);
    c->is_open = 1;
    return;
  }
  int32_t xid = get_int(frame), err = get_int(frame + 12);
  if (xid == -1) {
    events_seen++;
    return;
  }
  if (c->count == 0) die("client %d: a reply to nothing, xid %d", c->id, xid);
  struct request *r = &c->ring[c->head];
  if (xid != r->xid) die("client %d: xid %d where %d was due", c->id, xid, r->xid);
  if (err != 0) die("client %d: type %d: error %d", c->id, r->type, err);
  int body = length - 16;
  if (r->type == GET_DATA && body != 4 + data_bytes + 68) die("client %d: getData of %d bytes", c->id, body);
  if ((r->type == EXISTS || r->type == SET_DATA) && body != 68) die("client %d: Stat of %d bytes", c->id, body);
  if (r->type == GET_CHILDREN && get_int(frame + 16) != WIDE) die("client %d: %d children", c->id, get_int(frame + 16));
  if (r->type == CREATE && body != 4 + get_int(frame + 16)) die("client %d: create of %d bytes", c->id, body);
  count_latency(now_ns() - r->sent_ns);
  c->head = (c->head + 1) % (unsigned)outstanding;
  c->count--;
}

static void on_readable(struct client *c) {
  for (;;) {
    if (c->in_room - c->in_length < 65536) {
      c->in_room = c->in_room == 0 ? 131072 : c->in_room * 2;
      c->in = realloc(c->in, c->in_room);
    }
    size_t room = c->in_room - c->in_length;
    ssize_t got = receive(c, room);
    if (got == 0) die("client %d: the server closed the connection", c->id);
    if (got < 0) {
      if (errno == EAGAIN) break;
      die("client %d: recv: %s", c->id, strerror(errno));
    }
    c->in_length += (size_t)got;
    size_t at = 0;
    while (c->in_length - at >= 4) {
      size_t length = (size_t)get_int(c->in + at);
      if (c->in_length - at < 4 + length) break;
      on_reply(c, c->in + at + 4, (int)length);
      at += 4 + length;
    }
    memmove(c->in, c->in + at, c->in_length - at);
    c->in_length -= at;
    if ((size_t)got < room && !has_more(c)) break;
  }
  /* The bytes that waited for the other side's half of a handshake. */
  if (c->out_sent < c->out_length) flush(c);
}

/* Connections */

static void start_connecting(struct client *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket: %s", strerror(errno));
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in *host = &hosts[c->id % host_count];
  if (connect(c->fd, (struct sockaddr *)host, sizeof *host) < 0 && errno != EINPROGRESS) {
    die("connect: %s", strerror(errno));
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  c->wants_write = 1;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
  enter(c);
  char *at = reserve(c, 4 + 45);
  at = put_int(at, 45);
  at = put_int(at, 0); /* protocolVersion, lastZxidSeen */
  memset(at, 0, 8);
  at = put_int(at + 8, 40000); /* timeout, sessionId, password, readOnly */
  memset(at, 0, 8);
  at = put_int(at + 8, 16);
  memset(at, 0, 17);
}

static void turn(int timeout_ms) {
  static struct epoll_event events[1024];
  int n = epoll_wait(epoll_fd, events, 1024, timeout_ms);
  for (int i = 0; i < n; i++) {
    struct client *c = events[i].data.ptr;
    if (events[i].events & (EPOLLERR | EPOLLHUP) && !c->is_open) {
      int error = 0;
      socklen_t length = sizeof error;
      getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
      die("client %d: connect: %s", c->id, strerror(error));
    }
    if (events[i].events & EPOLLOUT) flush(c);
    if (events[i].events & (EPOLLIN | EPOLLHUP)) on_readable(c);
  }
}

static void open_all(int count) {
  int started = 0, open = 0;
  while (open < count) {
    while (started < count && started - open < CONNECTING_AT_ONCE) start_connecting(&clients[started++]);
    turn(100);
    while (open < started && clients[open].is_open) open++;
  }
}

/* Keeps `outstanding` requests under way on each of the connections until the time is over or there are none left. */
static void drive(int count, double seconds) {
  uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
  static struct epoll_event events[1024];
  int left = 0;
  for (int i = 0; i < count; i++) {
    struct client *c = &clients[i];
    while (c->count < (unsigned)outstanding && ask_next(c)) {}
    flush(c);
  }
  do {
    int n = epoll_wait(epoll_fd, events, 1024, 100);
    for (int i = 0; i < n; i++) {
      struct client *c = events[i].data.ptr;
      if (events[i].events & (EPOLLIN | EPOLLHUP)) on_readable(c);
      while (c->count < (unsigned)outstanding && ask_next(c)) {}
      flush(c);
    }
    if (seconds <= 0 && next_node >= node_count) {
      left = 0;
      for (int i = 0; i < count; i++) left += (int)clients[i].count;
      if (left == 0) return;
    }
  } while (seconds <= 0 || now_ns() < end);
}

/* Waits for every answer that is due. */
static void settle(int count) {
  for (int i = 0; i < count; i++) {
    while (clients[i].count > 0) turn(100);
  }
}

static void make(struct client *c, const char *path, int bytes) {
  ask_create(c, path, bytes, 0);
  flush(c);
  if (c->count == (unsigned)outstanding) settle(1);
}

static void prepare(void) {
  char path[64];
  struct client *c = &clients[0];
  make(c, "/bench", 0);
  make(c, "/bench-seq", 0);
  make(c, "/bench-wide", 0);
  settle(1);
  for (int i = 0; i < node_count; i++) {
    snprintf(path, sizeof path, "/bench/%d", i);
    make(c, path, data_bytes);
  }
  for (int i = 0; i < WIDE; i++) {
    snprintf(path, sizeof path, "/bench-wide/child-%06d", i);
    make(c, path, 0);
  }
  settle(1);
}

static void report(double seconds, double cpu) {
  printf("{\"operations\":%llu,\"seconds\":%.6f,\"p50\":%llu,\"p99\":%llu,\"p999\":%llu,\"max\":%llu,\"ownCpu\":%.3f}\n",
         (unsigned long long)counted, seconds, (unsigned long long)quantile(0.5), (unsigned long long)quantile(0.99),
         (unsigned long long)quantile(0.999), (unsigned long long)largest_us, counted > 0 ? cpu * 1e6 / (double)counted : 0);
  fflush(stdout);
}

static void say(const char *word) {
  fprintf(stderr, "%s\n", word);
  fflush(stderr);
}

static void measure(int count, double seconds) {
  double cpu = cpu_seconds();
  uint64_t start = now_ns();
  is_counting = 1;
  say("begin");
  drive(count, seconds);
  is_counting = 0;
  double took = (double)(now_ns() - start) / 1e9;
  say("end");
  report(took, cpu_seconds() - cpu);
}

static void hold(void) {
  char byte;
  say("ready");
  while (read(0, &byte, 1) > 0) {}
}

static void run_watch(void) {
  struct client *writer = &clients[client_count - 1];
  int watchers = client_count - 1;
  is_counting = 1;
  say("begin");
  uint64_t start = now_ns();
  for (int change = 0; change < CHANGES; change++) {
    is_counting = 0;
    for (int i = 0; i < watchers; i++) {
      ask_read(&clients[i], GET_DATA, "/bench/0", 1);
      flush(&clients[i]);
      if (i % 256 == 255) turn(0);
    }
    settle(watchers);
    events_seen = 0;
    uint64_t changed = now_ns();
    ask_set(writer, "/bench/0");
    flush(writer);
    while (events_seen < watchers) turn(100);
    settle(client_count);
    is_counting = 1;
    count_latency(now_ns() - changed);
  }
  say("end");
  report((double)(now_ns() - start) / 1e9, 0);
}

static void read_hosts(const char *text) {
  char *copy = strdup(text);
  for (char *each = strtok(copy, ","); each != NULL; each = strtok(NULL, ",")) {
    char *colon = strchr(each, ':');
    if (colon == NULL || host_count == MAX_HOSTS) die("hosts=%s", text);
    *colon = 0;
    hosts[host_count].sin_family = AF_INET;
    hosts[host_count].sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, each, &hosts[host_count].sin_addr) != 1) die("hosts: %s is no IPv4 address", each);
    host_count++;
  }
  free(copy);
}

int main(int argc, char **argv) {
  if (argc < 2) die("usage: generator OPERATION key=value...");
  operation = argv[1];
  for (int i = 2; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL) die("no value: %s", argv[i]);
    *value++ = 0;
    if (!strcmp(argv[i], "hosts")) read_hosts(value);
    else if (!strcmp(argv[i], "clients")) client_count = atoi(value);
    else if (!strcmp(argv[i], "outstanding")) outstanding = atoi(value);
    else if (!strcmp(argv[i], "warm")) warm_seconds = atof(value);
    else if (!strcmp(argv[i], "seconds")) run_seconds = atof(value);
    else if (!strcmp(argv[i], "bytes")) data_bytes = atoi(value);
    else if (!strcmp(argv[i], "nodes")) node_count = atoi(value);
    else if (!strcmp(argv[i], "tls")) open_door();
    else die("unknown key: %s", argv[i]);
  }
  if (host_count == 0 || client_count < 1 || outstanding < 1 || node_count < 1) die("hosts, clients, outstanding, nodes");
  payload = malloc((size_t)data_bytes + 1);
  memset(payload, 'x', (size_t)data_bytes);
  epoll_fd = epoll_create1(0);
  if (!strcmp(operation, "watch")) client_count++;
  clients = calloc((size_t)client_count, sizeof *clients);
  for (int i = 0; i < client_count; i++) {
    clients[i].id = i;
    clients[i].ring = malloc((size_t)outstanding * sizeof(struct request));
  }
  if (!strcmp(operation, "sessions")) {
    double cpu = cpu_seconds();
    uint64_t start = now_ns();
    say("begin");
    open_all(client_count);
    say("end");
    counted = (uint64_t)client_count;
    report((double)(now_ns() - start) / 1e9, cpu_seconds() - cpu);
    hold();
    return 0;
  }
  open_all(client_count);
  if (!strcmp(operation, "prepare")) {
    prepare();
    report(0, 0);
  } else if (!strcmp(operation, "prepare-big")) {
    make(&clients[0], "/bench-big", data_bytes);
    settle(1);
    report(0, 0);
  } else if (!strcmp(operation, "watch")) {
    run_watch();
  } else if (!strcmp(operation, "load")) {
    char path[64];
    int parents = (node_count + 999) / 1000;
    make(&clients[0], "/load", 0);
    settle(1);
    for (int i = 0; i < parents; i++) {
      snprintf(path, sizeof path, "/load/%d", i);
      make(&clients[0], path, 0);
    }
    settle(1);
    measure(client_count, 0);
  } else if (strstr(operation, "-third") != NULL) {
    measure(client_count, 0);
  } else {
    if (warm_seconds > 0) drive(client_count, warm_seconds);
    measure(client_count, run_seconds);
  }
  return 0;
}
