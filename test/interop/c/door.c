/*
 * One session of Apache's C client, over TLS or with a login. Arguments: host:port, seconds after which it counts as refused, then
 *
 *   tls AUTHORITY [CERTIFICATE KEY]      certificates as files in PEM
 *   sasl MECHANISM HOST [USER PASSWORD-FILE]
 *
 * Prints `wrote`, `refused`, or the error of the write.
 */
#include <sasl/sasl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zookeeper.h>

static volatile int state = 0;

static void watch(zhandle_t *handle, int type, int now, const char *path, void *context) {
    if (type == ZOO_SESSION_EVENT) state = now;
}

static zhandle_t *open_tls(const char *hosts, int argc, char **argv) {
    char parameters[4096];
    if (argc == 1)
        snprintf(parameters, sizeof parameters, "%s", argv[0]);
    else
        snprintf(parameters, sizeof parameters, "%s,%s,%s,", argv[0], argv[1], argv[2]);
    return zookeeper_init_ssl(hosts, parameters, watch, 8000, NULL, NULL, 0);
}

static zhandle_t *open_sasl(const char *hosts, int argc, char **argv) {
    zoo_sasl_params_t login = {.service = "zookeeper", .host = argv[1], .mechlist = argv[0]};
    if (sasl_client_init(NULL) != SASL_OK) return NULL;
    login.callbacks = zoo_sasl_make_basic_callbacks(argc > 2 ? argv[2] : NULL, NULL, argc > 3 ? argv[3] : NULL);
    return zookeeper_init_sasl(hosts, watch, 8000, NULL, NULL, 0, NULL, &login);
}

int main(int argc, char **argv) {
    if (argc < 5) return 64;
    /* OpenSSL writes to a server that is gone. */
    signal(SIGPIPE, SIG_IGN);
    zoo_set_debug_level(0);
    zoo_deterministic_conn_order(1);
    int left = 100 * atoi(argv[2]);
    zhandle_t *handle = strcmp(argv[3], "tls") == 0 ? open_tls(argv[1], argc - 4, argv + 4)
                                                    : open_sasl(argv[1], argc - 4, argv + 4);
    if (handle == NULL) return 70;
    while (left-- > 0 && state != ZOO_CONNECTED_STATE && state != ZOO_AUTH_FAILED_STATE) usleep(10000);
    if (state != ZOO_CONNECTED_STATE) {
        puts("refused");
        return 0;
    }
    int code = zoo_create(handle, "/c-", "x", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, NULL, 0);
    puts(code == ZOK ? "wrote" : zerror(code));
    zookeeper_close(handle);
    return 0;
}
