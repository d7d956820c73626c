"""A writer that knows the zxid of everything it did. Arguments: hosts, name, record file. Ends when its standard input does.

Each line of the record is [zxid, path, value], value null for a node that was deleted. It writes one thing at a time below
a node of its own. A request whose answer was lost is looked for afterwards: values are unique, and what a deletion cost
is the pzxid of the parent.
"""
import json
import logging
import random
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, NoNodeError, SessionExpiredError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

logging.disable(logging.CRITICAL)
hosts, name, record_file = sys.argv[1], sys.argv[2], sys.argv[3]
random.seed(name)
record = open(record_file, 'a', buffering=1)
stopping = threading.Event()
root = '/' + name
LOST = (ConnectionLoss, ConnectionClosedError, SessionExpiredError, KazooTimeoutError)


def watch_stdin():
    sys.stdin.read()
    stopping.set()


threading.Thread(target=watch_stdin, daemon=True).start()
retry = KazooRetry(max_tries=-1, delay=0.02, max_delay=0.1, backoff=1)
zk = KazooClient(hosts=hosts, timeout=8, connection_retry=retry, randomize_hosts=True)
zk.start(timeout=60)


def until_answered(attempt):
    while True:
        try:
            return attempt()
        except LOST:
            time.sleep(0.03)


def found(path):
    """[data, stat] of a node, or None, after everything that was written before."""
    def look():
        zk.sync(root)
        try:
            return zk.get(path)
        except NoNodeError:
            return None
    return until_answered(look)


def note(zxid, path, value):
    record.write(json.dumps([zxid, path, value]) + '\n')


until_answered(lambda: zk.ensure_path(root))
note(found(root)[1].czxid, root, '')
nodes = {}
n = 0
while not stopping.is_set():
    n += 1
    value = '%s-%d' % (name, n)
    dice = random.random()
    path = random.choice(sorted(nodes)) if nodes and dice < 0.7 else '%s/node-%d' % (root, n)
    try:
        if path not in nodes:
            zk.create(path, value.encode())
            note(found(path)[1].czxid, path, value)
            nodes[path] = value
        elif dice < 0.55:
            note(zk.set(path, value.encode()).mzxid, path, value)
            nodes[path] = value
        else:
            zk.delete(path)
            note(found(root)[1].pzxid, path, None)
            del nodes[path]
    except LOST:
        after = found(path)
        if after is None:
            if path in nodes:
                note(found(root)[1].pzxid, path, None)
                del nodes[path]
        elif after[0].decode() != nodes.get(path):
            note(after[1].mzxid, path, after[0].decode())
            nodes[path] = after[0].decode()
zk.stop()
