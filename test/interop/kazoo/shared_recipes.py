"""kazoo's recipes on the paths that ours use at the same time: one line for each problem, then "done"."""
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import NodeExistsError

TURNS = 5
client = KazooClient(sys.argv[1])
client.start(timeout=20)

def inside(path):
    """One at a time: the node is there as long as somebody is inside."""
    try:
        client.create(path)
    except NodeExistsError:
        print("two inside " + path, flush=True)
        return
    client.sync(path)
    client.delete(path)

lock = client.Lock("/kazoo/lock", "python")
curators = client.Lock("/kazoo/curator-names", "python", extra_lock_patterns=["-lock-"])
write = client.WriteLock("/kazoo/rw", "python")
for _ in range(TURNS):
    for each, busy in ((lock, "/busy-kazoo-lock"), (curators, "/busy-kazoo-names"), (write, "/busy-kazoo-rw")):
        if each.acquire(timeout=10):
            inside(busy)
            each.release()
        else:
            print("no lock within 10 s", flush=True)

election = client.Election("/kazoo/election", "python")
for _ in range(TURNS):
    election.run(inside, "/busy-kazoo-election")

counter = client.Counter("/kazoo/counter")
for _ in range(TURNS):
    counter += 2

queue = client.Queue("/kazoo/to-us")
queue.put(b"late", 200)
queue.put(b"early", 50)
locking = client.LockingQueue("/kazoo/from-us")
print("took " + locking.get(10).decode(), flush=True)
locking.consume()
print("done", flush=True)
client.stop()
