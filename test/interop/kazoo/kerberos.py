"""One login through kazoo with a ticket, by the keytab in KRB5_CLIENT_KTNAME. Arguments: hosts, identity. Prints ok and who
it is, or the name of what went wrong."""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.security import make_acl

logging.disable(logging.CRITICAL)
hosts, user = sys.argv[1], sys.argv[2]
options = {'mechanism': 'GSSAPI', 'service': 'zookeeper'}
client = KazooClient(hosts=hosts, sasl_options=options, timeout=10)
try:
    client.start(timeout=8)
    path = '/kazoo-' + user
    client.create(path, b'x', acl=[make_acl('sasl', user, all=True)])
    print('ok', client.get(path)[0].decode(), client.get_acls(path)[0][0].id.id)
except Exception as error:
    print('refused', type(error).__name__)
finally:
    client.stop()
    client.close()
