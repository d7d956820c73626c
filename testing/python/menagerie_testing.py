"""A ZooKeeper ensemble for tests, with a switch for everything that can go wrong.

The ensemble is a process of its own, `menagerie testing`, which ends with this one. Python 3.8 or newer, and nothing
besides its standard library. With pytest, and `pytest_plugins = ["menagerie_testing"]` in conftest.py, there are the fixtures `zookeeper` (one server, for the whole run) and
`zookeeper_ensemble` (three, for the whole run); both undo all faults behind each test that uses them.

    def test_lost_answer(zookeeper):
        fault = zookeeper.drop_reply(op="create", path="/a")
        ...
        assert zookeeper.hits(fault) == 1
"""

import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request


class MenagerieError(Exception):
    """The ensemble refused what it was asked, with the reason."""


class Ensemble:
    """`command` starts Menagerie; by default what the environment has as MENAGERIE, else `npx menagerie`."""

    def __init__(self, size=1, observers=0, config=None, command=None):
        words = shlex.split(command or os.environ.get("MENAGERIE", "npx --yes menagerie"))
        words += ["testing", "--size", str(size), "--observers", str(observers)]
        for key, value in (config or {}).items():
            words += ["--config", f"{key}={value}"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self._process.stdout.readline()
        if not line:
            raise MenagerieError(f"{words[0]} ended with {self._process.wait()}; its reason is on standard error")
        told = json.loads(line)
        self.connect_string = told["connectString"]
        self.control = told["control"]

    # What is there

    def state(self):
        """connectString, leader, and servers with id, role, state and address."""
        return self._ask("GET", "/ensemble")

    def leader(self):
        """The id of the server that leads, or is alone; None while there is none."""
        return self.state()["leader"]

    def connections(self):
        """Of clients, each with connection, server, session (0x...), client and timeoutMs."""
        return self._ask("GET", "/connections")

    # Sessions and connections

    def expire_session(self, session):
        """`session`: an int, as kazoo's client_id[0] has it, or `0x...`. It is closed everywhere when this returns."""
        self._ask("POST", f"/sessions/{_session(session)}/expire")

    def cut(self, **match):
        """Resets the connections that match (server, session, connection); returns how many there were."""
        return self._ask("POST", "/connections/cut", _match(match))["cut"]

    # Faults, each by its number, which `undo` takes. See docs/TESTKIT.md for what each of them takes.

    def fault(self, kind, **fields):
        return self._ask("POST", "/faults", {"kind": kind, **_match(fields)})["id"]

    def drop_reply(self, **match):
        """The operation is carried out, and the connection breaks before the client knows."""
        return self.fault("dropReply", **match)

    def drop_request(self, **match):
        """The connection breaks before the server has the request."""
        return self.fault("dropRequest", **match)

    def refuse(self, error, **match):
        """The operation is answered with this error (`noAuth`), and not carried out."""
        return self.fault("refuse", error=error, **match)

    def partition(self, side, other=None):
        return self.fault("partition", side=list(side), **({} if other is None else {"other": list(other)}))

    def hits(self, fault, wait=0.0):
        """How often it struck; waits up to so many seconds for the first time."""
        return self._ask("GET", f"/faults/{fault}?waitMs={round(wait * 1000)}")["hits"]

    def undo(self, fault=None):
        """Switches one fault off, or all of them."""
        self._ask("DELETE", "/faults" if fault is None else f"/faults/{fault}")

    # Servers and time

    def kill(self, server):
        self._ask("POST", f"/servers/{server}/kill")

    def restart(self, server):
        self._ask("POST", f"/servers/{server}/restart")

    def elect(self, server):
        self._ask("POST", f"/servers/{server}/elect")

    def lose_disk(self, server):
        self._ask("POST", f"/servers/{server}/lose-disk")

    def ready(self):
        self._ask("POST", "/ready")

    def advance(self, seconds, clients="ping"):
        """So many seconds pass at once. With clients="silent" no server hears of a client meanwhile."""
        self._ask("POST", "/clock/advance", {"ms": seconds * 1000, "clients": clients})

    def close(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            self._process.wait(10)
        self._process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(self.control + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=90) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            raise MenagerieError(json.loads(error.read())["error"]) from None
        return json.loads(answer) if answer else None


def _session(session):
    return session if isinstance(session, str) else hex(session & 0xFFFFFFFFFFFFFFFF)


def _match(fields):
    return {key: _session(value) if key == "session" else value for key, value in fields.items()}


try:
    import pytest
except ImportError:
    pass
else:

    @pytest.fixture(scope="session")
    def _menagerie_one():
        with Ensemble(size=1) as ensemble:
            yield ensemble

    @pytest.fixture(scope="session")
    def _menagerie_three():
        with Ensemble(size=3) as ensemble:
            yield ensemble

    @pytest.fixture
    def zookeeper(_menagerie_one):
        yield _menagerie_one
        _menagerie_one.undo()

    @pytest.fixture
    def zookeeper_ensemble(_menagerie_three):
        yield _menagerie_three
        _menagerie_three.undo()
