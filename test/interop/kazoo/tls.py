"""One session of kazoo over TLS. Arguments: hosts, authority, certificate, key (both may be "-"), and after how many seconds it
counts as refused. Prints `wrote` or `refused`.
"""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.handlers.threading import KazooTimeoutError

logging.disable(logging.CRITICAL)
hosts, ca, certificate, key = sys.argv[1:5]
limit = float(sys.argv[5])
more = {} if certificate == '-' else {'certfile': certificate, 'keyfile': key}
client = KazooClient(hosts=hosts, use_ssl=True, ca=ca, verify_certs=True, timeout=8, **more)
try:
    client.start(timeout=limit)
except KazooTimeoutError:
    print('refused')
    client.stop()
    sys.exit(0)
client.create('/kazoo-', b'x', sequence=True)
print('wrote')
client.stop()
client.close()
