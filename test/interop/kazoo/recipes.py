"""kazoo's recipes against an ensemble whose leader is killed in the middle.

Arguments: hosts. Prints "kill" when the leader is to be killed, waits for a line on standard input that says it is
dead, goes on for a while, and prints one JSON object with what it found. Whatever was acknowledged must be there;
what a lost connection left open (kazoo retries) may have happened once more.
"""
import json
import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import ConnectionLoss, NoAuthError, NodeExistsError, NoNodeError, SessionExpiredError
from kazoo.recipe.watchers import ChildrenWatch, DataWatch
from kazoo.retry import KazooRetry
from kazoo.security import make_digest_acl

hosts = sys.argv[1]
seconds_after = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
states = []
problems = []


def client(name):
    retry = KazooRetry(max_tries=-1, delay=0.05, max_delay=0.5)
    zk = KazooClient(hosts=hosts, timeout=20, command_retry=retry, connection_retry=retry, randomize_hosts=True)

    def listen(state):
        states.append((name, state))
        if state == KazooState.LOST and not stopping.is_set():
            problems.append('%s lost its session' % name)

    zk.add_listener(listen)
    zk.start(timeout=30)
    return zk


stopping = threading.Event()
clients = [client('client %d' % i) for i in range(3)]
ids = [zk.client_id for zk in clients]
watcher = clients[2]

clients[0].ensure_path('/recipes')
for i, zk in enumerate(clients):
    zk.create('/recipes/ephemeral-%d' % i, b'mine', ephemeral=True)
clients[0].sync('/recipes')
ephemerals = [clients[0].exists('/recipes/ephemeral-%d' % i) for i in range(3)]


def again(attempt, *args):
    """Until it was answered; an answer to a second try may be about the first."""
    while True:
        try:
            return attempt(*args)
        except ConnectionLoss:
            time.sleep(0.02)
        except (NodeExistsError, NoNodeError):
            return None


def worker(target):
    def guarded():
        try:
            target()
        except Exception as error:
            if not stopping.is_set():
                problems.append('%s: %r' % (target.__name__, error))

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    return thread


# Lock: never two at once.
holders = []
held = [0]


def locker(zk, name):
    def run():
        lock = zk.Lock('/recipes/lock', name)
        while not stopping.is_set():
            with lock:
                holders.append(name)
                if len(holders) != 1:
                    problems.append('the lock was held by %s' % holders)
                held[0] += 1
                time.sleep(0.01)
                holders.remove(name)
            time.sleep(0.005)

    run.__name__ = 'lock ' + name
    return run


# Election: never two at once, and everyone gets a turn.
leading = []
terms = []


def candidate(zk, name):
    def run():
        election = zk.Election('/recipes/election', name)

        def lead():
            leading.append(name)
            if len(leading) != 1:
                problems.append('elected at once: %s' % leading)
            terms.append(name)
            time.sleep(0.05)
            leading.remove(name)

        while not stopping.is_set():
            election.run(lead)

    run.__name__ = 'election ' + name
    return run


# Queue: everything put comes out, but for an item that a get took out and could not hand over: kazoo's get tries again
# after a lost connection, and finds its item deleted, by itself.
put = []
got = []


def cut_off():
    return states.count(('client 1', KazooState.SUSPENDED))


def producer():
    queue = clients[0].Queue('/recipes/queue')
    i = 0
    while not stopping.is_set():
        again(queue.put, b'%d' % i)
        put.append(i)
        i += 1
        time.sleep(0.01)


def consumer():
    queue = clients[1].Queue('/recipes/queue')
    while not stopping.is_set() or len(set(got)) + cut_off() < len(put):
        item = again(queue.get)
        if item is None:
            time.sleep(0.01)
        else:
            got.append(int(item))


# Counter: acknowledged additions are in it.
added = [0]


def adder(zk):
    def run():
        counter = zk.Counter('/recipes/counter')
        while not stopping.is_set():
            counter += 1
            added[0] += 1
            time.sleep(0.01)

    run.__name__ = 'counter'
    return run


# Transactions: both or neither.
committed = [0]


def transactor():
    zk = clients[1]
    zk.create('/recipes/left', b'0')
    zk.create('/recipes/right', b'0')
    while not stopping.is_set():
        value = b'%d' % (committed[0] + 1)
        transaction = zk.transaction()
        transaction.set_data('/recipes/left', value)
        transaction.set_data('/recipes/right', value)
        try:
            results = transaction.commit()
        except (ConnectionLoss, SessionExpiredError):
            time.sleep(0.05)
            continue
        if any(isinstance(result, Exception) for result in results):
            problems.append('transaction: %r' % results)
        committed[0] += 1
        time.sleep(0.01)


# Watches: what they said last is what is there.
children_seen = []
data_seen = []
clients[0].ensure_path('/recipes/family')
clients[0].create('/recipes/watched', b'0')
watcher.sync('/recipes')


@ChildrenWatch(watcher, '/recipes/family')
def on_children(children):
    children_seen.append(sorted(children))


@DataWatch(watcher, '/recipes/watched')
def on_data(data, stat):
    data_seen.append((data.decode(), stat.mzxid))


def changer():
    zk = clients[0]
    i = 0
    while not stopping.is_set():
        i += 1
        again(zk.set, '/recipes/watched', b'%d' % i)
        again(zk.create, '/recipes/family/child-%d' % i, b'')
        if i % 3 == 0:
            again(zk.delete, '/recipes/family/child-%d' % (i - 2))
        time.sleep(0.02)


# ACL: the other side of the fence, before and after. (Bob has a connection of his own: kazoo 2.8 loses count of its
# answers when it authenticates while requests are under way.)
bob = client('bob')
bob.add_auth('digest', 'bob:secret')


def fenced(moment):
    path = '/recipes/fenced-' + moment
    again(bob.create, path, b'secret', [make_digest_acl('bob', 'secret', all=True)])
    if again(bob.get, path)[0] != b'secret':
        problems.append('bob cannot read his own')
    clients[1].sync(path)
    clients[2].sync(path)
    for refused in (lambda: clients[1].get(path), lambda: clients[1].set(path, b'x'), lambda: clients[2].get_children(path)):
        try:
            again(refused)
            problems.append('the fence has a hole ' + moment)
        except NoAuthError:
            pass


fenced('before')
workers = [worker(locker(zk, 'locker %d' % i)) for i, zk in enumerate(clients)]
workers += [worker(candidate(zk, 'candidate %d' % i)) for i, zk in enumerate(clients)]
workers += [worker(target) for target in (producer, consumer, transactor, changer)]
workers += [worker(adder(clients[0])), worker(adder(clients[2]))]
time.sleep(3)
before = (held[0], len(terms), len(put), added[0], committed[0], len(data_seen))
print('kill', flush=True)
sys.stdin.readline()
time.sleep(seconds_after)
fenced('after')
time.sleep(1)
after = (held[0], len(terms), len(put), added[0], committed[0], len(data_seen))
stopping.set()
for thread in workers:
    thread.join(15)
    if thread.is_alive():
        problems.append('a worker hangs')
time.sleep(1)

for name, b, a in zip(('lock', 'election', 'queue', 'counter', 'transactions', 'data watch'), before, after):
    if b == 0 or a <= b:
        problems.append('%s made no progress: %d, then %d' % (name, b, a))
if [zk.client_id for zk in clients] != ids:
    problems.append('a session changed')
for i, was in enumerate(ephemerals):
    now = clients[(i + 1) % 3].retry(clients[(i + 1) % 3].exists, '/recipes/ephemeral-%d' % i)
    if now is None or now.czxid != was.czxid or now.ephemeralOwner != ids[i][0]:
        problems.append('ephemeral %d: %r, was %r' % (i, now, was))
missing = set(put) - set(got)
if len(missing) > cut_off():
    problems.append('the queue lost %s' % sorted(missing)[:10])
value = clients[1].Counter('/recipes/counter').value
if value < added[0]:
    problems.append('the counter says %d after %d additions' % (value, added[0]))
watcher.sync('/recipes')
left, right = watcher.get('/recipes/left')[0], watcher.get('/recipes/right')[0]
if left != right or int(left) < committed[0]:
    problems.append('left %r, right %r after %d transactions' % (left, right, committed[0]))
if children_seen[-1] != sorted(watcher.get_children('/recipes/family')):
    problems.append('the children watch stopped at %s' % children_seen[-1][-3:])
if data_seen[-1][0] != watcher.get('/recipes/watched')[0].decode():
    problems.append('the data watch stopped at %r' % (data_seen[-1],))
zxids = [zxid for _, zxid in data_seen]
if zxids != sorted(set(zxids)):
    problems.append('the data watch went back or told twice')

print(json.dumps({
    'problems': problems,
    'before': before,
    'after': after,
    'suspended': sum(1 for _, state in states if state == KazooState.SUSPENDED),
    'queue doubles': len(got) - len(set(got)),
    'counter': [added[0], value],
}), flush=True)
for zk in clients + [bob]:
    zk.stop()
    zk.close()
