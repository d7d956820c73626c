"""One login through kazoo. Arguments: hosts, user, password. Prints ok, or the name of what went wrong, and who it is."""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.protocol.states import KeeperState
from kazoo.security import make_acl

logging.disable(logging.CRITICAL)
hosts, user, password = sys.argv[1], sys.argv[2], sys.argv[3]
options = {'mechanism': 'DIGEST-MD5', 'username': user, 'password': password}
client = KazooClient(hosts=hosts, sasl_options=options, timeout=10)
states = []
client.add_listener(lambda state: states.append(client.client_state))
try:
    client.start(timeout=8)
    path = '/kazoo-' + user
    client.create(path, b'x', acl=[make_acl('sasl', user, all=True)])
    print('ok', client.get(path)[0].decode(), client.get_acls(path)[0][0].id.id)
except Exception as error:
    # start() is woken by the session and looks once more whether it is connected. A refusal of the login that comes in between,
    # two frames later, is a time-out to it.
    is_refusal = KeeperState.AUTH_FAILED in states
    print('refused', AuthFailedError.__name__ if is_refusal else type(error).__name__)
finally:
    client.stop()
    client.close()
