"""One session of kazoo, over TLS or with a login or both. Arguments: host:port, after how many seconds it counts as refused, then
authority, certificate and key ("-": none), then user and password, if it logs in. Prints `wrote` or `refused`.
"""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import CREATOR_ALL_ACL

logging.disable(logging.CRITICAL)
hosts, limit, ca, certificate, key = sys.argv[1:6]
more = {}
if ca != '-':
    more.update(use_ssl=True, ca=ca, verify_certs=True)
if certificate != '-':
    more.update(certfile=certificate, keyfile=key)
if len(sys.argv) > 6:
    more['sasl_options'] = {'mechanism': 'DIGEST-MD5', 'username': sys.argv[6], 'password': sys.argv[7]}
client = KazooClient(hosts=hosts, timeout=8, **more)
try:
    client.start(timeout=float(limit))
    client.create('/kazoo-', b'x', sequence=True, acl=CREATOR_ALL_ACL if len(sys.argv) > 6 else None)
    print('wrote')
# A login that fails is told where it is noticed first.
except (KazooTimeoutError, AuthFailedError):
    print('refused')
client.stop()
client.close()
