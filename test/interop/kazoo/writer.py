"""One writer of the torture: writes through kazoo as fast as it is allowed to and keeps a record of every attempt and of
every acknowledgement. Arguments: hosts, name, record file, pause between writes in seconds. Ends when its standard
input does.

Each path is written by one writer, one write at a time; a line ["try", n, kind, path, value] precedes the request, ["ack", n] follows the
answer, ["no", n, error] an answer that nothing was done. A try with neither may or may not have happened.
"""
import json
import logging
import random
import sys
import threading
import time

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, KazooException, SessionExpiredError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

logging.disable(logging.CRITICAL)
hosts, name, record_file, pause = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
random.seed(name)
record = open(record_file, 'a', buffering=1)
stopping = threading.Event()
root = '/torture/' + name
n = 0


def watch_stdin():
    sys.stdin.read()
    stopping.set()


threading.Thread(target=watch_stdin, daemon=True).start()
retry = KazooRetry(max_tries=-1, delay=0.02, max_delay=0.1, backoff=1)
zk = KazooClient(hosts=hosts, timeout=8, connection_retry=retry, randomize_hosts=True)
zk.start(timeout=120)


def write(steps, attempt):
    """steps: [kind, path, value] each; several in one transaction."""
    global n
    n += 1
    mine = n
    for step in steps:
        record.write(json.dumps(['try', mine] + step) + '\n')
    try:
        attempt()
    except (ConnectionLoss, ConnectionClosedError, SessionExpiredError, KazooTimeoutError):
        time.sleep(0.02)
        return False
    except KazooException as error:
        record.write(json.dumps(['no', mine, repr(error)]) + '\n')
        return False
    record.write(json.dumps(['ack', mine]) + '\n')
    return True


def until_done(attempt):
    while not stopping.is_set():
        try:
            attempt()
            return
        except (ConnectionLoss, ConnectionClosedError, SessionExpiredError, KazooTimeoutError):
            time.sleep(0.05)


until_done(lambda: zk.ensure_path(root))
registers = ['%s/register-%d' % (root, i) for i in range(20)]
for path in registers:
    until_done(lambda: zk.ensure_path(path))
made = []


def commit(transaction):
    results = transaction.commit()
    for result in results:
        if isinstance(result, Exception):
            raise result


while not stopping.is_set():
    value = '%s-%d' % (name, n + 1)
    dice = random.random()
    if dice < 0.35:
        path = '%s/node-%d' % (root, n + 1)
        if write([['create', path, value]], lambda: zk.create(path, value.encode())):
            made.append(path)
    elif dice < 0.8:
        path = random.choice(registers)
        write([['set', path, value]], lambda: zk.set(path, value.encode()))
    elif dice < 0.9 and made:
        path = made.pop(random.randrange(len(made)))
        write([['delete', path, None]], lambda: zk.delete(path))
    else:
        left, right = random.sample(registers, 2)
        child = '%s/multi-%d' % (root, n + 1)
        transaction = zk.transaction()
        transaction.set_data(left, value.encode())
        transaction.create(child, value.encode())
        transaction.set_data(right, value.encode())
        write([['set', left, value], ['create', child, value], ['set', right, value]], lambda: commit(transaction))
    time.sleep(pause)
