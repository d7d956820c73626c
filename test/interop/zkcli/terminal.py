# A session of a shell at a real terminal: types the steps of a JSON array given as the first argument, one when the
# program has been quiet for a moment, and prints what the terminal got behind each as a JSON array.
import json
import os
import pty
import select
import sys
import time

QUIET_SECONDS = 0.4
LIMIT_SECONDS = 10


def read_until_quiet(fd):
    got = b''
    end = time.time() + LIMIT_SECONDS
    while time.time() < end:
        ready, _, _ = select.select([fd], [], [], QUIET_SECONDS)
        if not ready:
            if got:
                break
            continue
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            break
        if not chunk:
            break
        got += chunk
    return got.decode('utf8', 'replace')


steps = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    os.execvp(sys.argv[2], sys.argv[2:])
answers = [read_until_quiet(fd)]
for step in steps:
    os.write(fd, step.encode())
    answers.append(read_until_quiet(fd))
os.close(fd)
_, status = os.waitpid(pid, 0)
print(json.dumps({'answers': answers, 'code': os.waitstatus_to_exitcode(status)}))
