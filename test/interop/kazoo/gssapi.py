"""One login by Kerberos through kazoo. Arguments: host:port, principal. Prints ok and who it is, or the name of what went wrong."""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.security import make_acl

hosts, principal = sys.argv[1], sys.argv[2]
logging.basicConfig(level=logging.WARNING)
client = KazooClient(hosts=hosts, sasl_options={'mechanism': 'GSSAPI'}, timeout=10)
try:
    client.start(timeout=8)
    path = '/kazoo-by-ticket'
    client.create(path, b'x', acl=[make_acl('sasl', principal, all=True)])
    print('ok', client.get(path)[0].decode(), client.get_acls(path)[0][0].id.id)
except Exception as error:
    print('refused', type(error).__name__)
finally:
    client.stop()
    client.close()
