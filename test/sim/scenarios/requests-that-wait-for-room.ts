import { CreateMode, ErrorCode } from '../../../src/jute/codes.ts';
import type { Scenario } from '../script/script.ts';

export const scenario: Scenario = {
  name: 'requests that wait for room',
  about: 'connections take turns, who waited too long is told so, and who leaves has its session ended and no more',
  voters: 3,
  config: { request_throttle_max_requests: 1, throttled_op_wait_time: 400 },
  play(s) {
    s.begin(3);
    s.create('/a');
    const hog = s.addClient('much', 3);
    const meek = s.addClient('little', 3);
    const other = s.addClient('at a follower', 1);
    for (const client of [hog, meek, other]) s.until('a connection', () => client.isConnected);
    s.do({ op: 'create', path: '/its-own', data: '', flags: CreateMode.ephemeral }, hog);
    s.itBegins();
    const set = (data: string) => ({ op: 'setData', path: '/a', data, version: -1 }) as const;
    s.slowDisk(20, 1, 2, 3);
    const asked = Array.from({ length: 8 }, (_, i) => s.ask(set(`much ${i}`), hog));
    s.run(15);
    const little = s.ask(set('little'), meek);
    s.until('all', () => [...asked, little].every((op) => op.result !== undefined));
    s.expect(Number(little.zxid) < Number(asked[5]?.zxid), true, 'it comes between those of who asks much');
    // Everything takes longer than a request may wait.
    s.slowDisk(900, 1, 2, 3);
    const first = s.ask(set('first'), hog);
    const late = s.ask(set('late'), hog);
    const read = s.ask({ op: 'get', path: '/a', watch: false }, hog);
    s.until('their answers', () => read.result !== undefined);
    s.expect(
      [first, late, read].map((op) => op.result?.err).join(),
      [0, ErrorCode.throttledOp, ErrorCode.throttledOp].join(),
      'who waited too long',
    );
    // It leaves with its end among what waits.
    s.ask(set('last'), hog);
    s.ask(set('never'), hog);
    s.ask({ op: 'close' }, hog);
    s.run(20);
    hog.client.kill();
    hog.stop();
    s.slowDisk(0.5, 1, 2, 3);
    s.run(2500);
    s.expect(s.do({ op: 'exists', path: '/its-own', watch: false }).err, ErrorCode.noNode, 'what it had');
    // The leader goes while others wait for room.
    s.slowDisk(300, 1, 2, 3);
    for (let i = 0; i < 4; i++) s.ask(set(`before ${i}`), other);
    s.kill(3);
    s.slowDisk(0.5, 1, 2, 3);
    s.run(5000);
    s.write('/a', 'after');
  },
};

export const stale: Scenario = {
  name: 'requests that nobody waits for',
  about: 'what has waited for longer than its session lasts is dropped while nothing comes to an end',
  voters: 3,
  config: {
    request_throttle_max_requests: 1,
    request_stale_latency_check: 'true',
    syncLimit: 60,
    largeRequestThreshold: 200,
    largeRequestMaxBytes: 1000,
  },
  play(s) {
    s.begin(3);
    s.create('/a');
    const [first, second, third] = [0, 1, 2].map((i) => s.addClient(`client ${i}`, 3, 1000));
    if (first === undefined || second === undefined || third === undefined) throw new Error('three clients');
    for (const client of [first, second, third]) s.until('a connection', () => client.isConnected);
    s.itBegins();
    s.slowDisk(4000, 1, 2, 3);
    const set = (data: string) => ({ op: 'setData', path: '/a', data, version: -1 }) as const;
    s.ask(set('under way'), first);
    s.ask(set('waits'), second);
    s.ask(set('x'.repeat(900)), third);
    const before = s.said(3, 'largeRequestMaxBytes');
    s.ask(set('y'.repeat(900)), first);
    s.run(100);
    s.expect(s.said(3, 'largeRequestMaxBytes') - before, 1, 'large requests refused');
    s.run(1500);
    s.expect(s.said(3, 'longer than its session lasts') > 0, true, 'one that waited too long is closed');
    s.slowDisk(0.5, 1, 2, 3);
    s.run(8000);
    s.write('/a', 'after');
  },
};

export const late: Scenario = {
  name: 'requests that are late and carried out',
  about:
    'with request_throttle_drop_stale=false what has waited for longer than its session lasts is carried out all the same',
  voters: 3,
  config: {
    request_throttle_max_requests: 1,
    request_stale_latency_check: 'true',
    request_throttle_drop_stale: 'false',
    syncLimit: 60,
  },
  play(s) {
    s.begin(3);
    s.create('/a');
    const [first, second] = [0, 1].map((i) => s.addClient(`client ${i}`, 3, 1000));
    if (first === undefined || second === undefined) throw new Error('two clients');
    for (const client of [first, second]) s.until('a connection', () => client.isConnected);
    s.itBegins();
    s.slowDisk(4000, 1, 2, 3);
    const set = (data: string) => ({ op: 'setData', path: '/a', data, version: -1 }) as const;
    s.ask(set('under way'), first);
    s.ask(set('waits'), second);
    s.run(1500);
    s.slowDisk(0.5, 1, 2, 3);
    s.run(8000);
    s.expect(s.said(3, 'longer than its session lasts'), 0, 'connections closed for it');
    s.expect(s.read('/a'), 'waits', 'the node');
  },
};
