"""kazoo with read_only over the return of a quorum. Argument: hosts. Prints `start` when the other server is to come, and
reads a line when it has been started.
"""
import logging
import queue
import sys

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import NotReadOnlyCallError
from kazoo.protocol.states import KeeperState

logging.disable(logging.CRITICAL)
states = queue.Queue()
client = KazooClient(hosts=sys.argv[1], timeout=10, read_only=True)
client.add_listener(lambda state: states.put((state, client.client_state)))


def until(last):
    while True:
        state, detail = states.get(timeout=30)
        print(state, detail, flush=True)
        if (state, detail) == last:
            return


client.start(timeout=30)
until((KazooState.CONNECTED, KeeperState.CONNECTED_RO))
print(client.get('/a')[0].decode())
try:
    client.set('/a', b'refused')
except NotReadOnlyCallError as error:
    print(type(error).__name__)
print('start', flush=True)
sys.stdin.readline()
until((KazooState.CONNECTED, KeeperState.CONNECTED))
client.retry(client.set, '/a', b'later')
print(client.get('/a')[0].decode())
client.stop()
client.close()
