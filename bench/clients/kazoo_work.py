"""The work of kazoo, as a process of its own; arguments and protocol as node-work.ts."""
import math
import sys
import threading
import time

from kazoo.client import KazooClient

hosts, nodes, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
paths = ['/bench/%d' % i for i in range(nodes)]
data = b'x' * size


def check_data(path, found):
    if found != data:
        raise ValueError('%s was read as %r' % (path, found))


def check_version(versions, path, version):
    before = versions.get(path)
    if before is not None and version != before + 1:
        raise ValueError('%s went from version %d to %d' % (path, before, version))
    versions[path] = version


def quantile_us(took, share):
    return sorted(took)[math.floor(share * len(took))] * 1e6 if took else 0


def one_at_a_time(operation, seconds):
    versions, took, n = {}, [], 0
    cpu, began = time.process_time(), time.perf_counter()
    while time.perf_counter() - began < seconds:
        path = paths[n % nodes]
        asked = time.perf_counter()
        if operation == 'read':
            check_data(path, client.get(path)[0])
        else:
            check_version(versions, path, client.set(path, data).version)
        took.append(time.perf_counter() - asked)
        n += 1
    return n, time.perf_counter() - began, time.process_time() - cpu, quantile_us(took, 0.5), quantile_us(took, 0.99)


def pipelined(operation, under_way, seconds):
    """`rawlink` calls in the thread that has the answer."""
    versions, over, state = {}, threading.Event(), {'asked': 0, 'answered': 0, 'failure': None}
    cpu, began = time.process_time(), time.perf_counter()

    def ask():
        path = paths[state['asked'] % nodes]
        state['asked'] += 1
        asked = client.get_async(path) if operation == 'read' else client.set_async(path, data)
        asked.rawlink(lambda result: on_answer(path, result))

    def on_answer(path, result):
        try:
            if operation == 'read':
                check_data(path, result.get()[0])
            else:
                check_version(versions, path, result.get().version)
            state['answered'] += 1
            if time.perf_counter() - began < seconds:
                ask()
            elif state['answered'] == state['asked']:
                over.set()
        except Exception as failure:
            state['failure'] = failure
            over.set()

    for _ in range(under_way):
        ask()
    over.wait()
    if state['failure']:
        raise state['failure']
    return state['answered'], time.perf_counter() - began, time.process_time() - cpu, 0, 0


def watch(under_way):
    waiting, lock, is_set, fired = set(), threading.Lock(), threading.Event(), threading.Event()
    state = {'asked': 0, 'answered': 0, 'failure': None}
    cpu, began = time.process_time(), time.perf_counter()

    def give_up(failure):
        state['failure'] = failure
        is_set.set()
        fired.set()

    def on_event(event):
        if event.type != 'CHANGED':
            return
        with lock:
            if event.path not in waiting:
                return give_up(ValueError('a watch fired at %s, where there is none' % event.path))
            waiting.remove(event.path)
            if not waiting and state['answered'] == nodes:
                fired.set()

    def ask():
        path = paths[state['asked']]
        state['asked'] += 1
        client.get_async(path, watch=on_event).rawlink(lambda result: on_answer(path, result))

    def on_answer(path, result):
        try:
            check_data(path, result.get()[0])
            with lock:
                waiting.add(path)
                state['answered'] += 1
            if state['answered'] == nodes:
                is_set.set()
            elif state['asked'] < nodes:
                ask()
        except Exception as failure:
            give_up(failure)

    for _ in range(under_way):
        ask()
    is_set.wait()
    say('set', time.perf_counter() - began)
    fired.wait()
    if state['failure']:
        raise state['failure']
    say('fired', time.process_time() - cpu)


def say(*words):
    print(*words, flush=True)


client = KazooClient(hosts=hosts, timeout=30)
client.start()
say('ready')
for line in sys.stdin:
    order, *words = line.split()
    if order == 'watch':
        watch(int(words[0]))
        continue
    operation, under_way, seconds = words[0], int(words[1]), int(words[2]) / 1000
    if under_way == 1:
        say(*one_at_a_time(operation, seconds))
    else:
        say(*pipelined(operation, under_way, seconds))
client.stop()
