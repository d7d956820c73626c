"""Run with pytest; needs kazoo, and MENAGERIE or npx."""

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.protocol.states import KazooState

from menagerie_testing import MenagerieError


@pytest.fixture
def client(zookeeper):
    client = KazooClient(zookeeper.connect_string, timeout=5)
    client.start()
    yield client
    client.stop()
    client.close()


def test_a_session_expires_when_it_is_told_to(zookeeper, client):
    lost = client.handler.event_object()
    client.add_listener(lambda state: lost.set() if state == KazooState.LOST else None)
    client.create("/mine", ephemeral=True)
    session = client.client_id[0]
    zookeeper.expire_session(session)
    assert lost.wait(10)
    other = KazooClient(zookeeper.connect_string)
    other.start()
    assert other.exists("/mine") is None
    other.stop()
    other.close()
    with pytest.raises(MenagerieError, match="there is no session"):
        zookeeper.expire_session(session)


def test_an_answer_is_lost_after_the_commit(zookeeper, client):
    fault = zookeeper.drop_reply(op="create", path="/lost")
    with pytest.raises(ConnectionLoss):
        client.create("/lost", b"x")
    assert zookeeper.hits(fault) == 1
    assert client.retry(client.get, "/lost")[0] == b"x"


def test_time_passes_at_once(zookeeper, client):
    client.create("/short", ephemeral=True)
    zookeeper.advance(60, clients="silent")
    assert zookeeper.connections() == [] or all(
        int(each["session"], 16) != client.client_id[0] for each in zookeeper.connections()
    )


def test_another_server_leads(zookeeper_ensemble):
    first = zookeeper_ensemble.leader()
    zookeeper_ensemble.kill(first)
    zookeeper_ensemble.ready()
    assert zookeeper_ensemble.leader() not in (None, first)
    zookeeper_ensemble.restart(first)
    zookeeper_ensemble.elect(first)
    assert zookeeper_ensemble.leader() == first
