"""kazoo's reconfig, one change of the members after the other. Argument: the server.

Each line of standard input is `how joining leaving members version`, separated by tabs, "-" for None, as the Java helper has
them; or `auth scheme:id`. Each is answered by one line.
"""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

logging.disable(logging.CRITICAL)
zk = KazooClient(hosts=sys.argv[1], timeout=10)
zk.start(timeout=30)
for line in sys.stdin:
    words = line.rstrip('\n').split('\t')
    if words[0] == 'auth':
        zk.add_auth('digest', words[1])
        print('auth', flush=True)
        continue
    joining, leaving, members = [None if word == '-' else word for word in words[1:4]]
    try:
        data, stat = zk.reconfig(joining, leaving, members, int(words[4], 16))
        shown = '%s | %d %x %d %d' % (
            data.decode().replace('\n', ' '), stat.version, stat.mzxid, stat.dataLength, stat.numChildren)
    except KazooException as error:
        shown = '%s %r' % (type(error).__name__, error.args)
    print(shown, flush=True)
zk.stop()
zk.close()
