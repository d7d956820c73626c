// The judge's own codec against the judge: what Apache's classes wrote is read and written back byte for byte, and a
// real server understands it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { debian, judge, root, Server } from './harness/server.ts';
import { Bytes, encode, type Shape, type Shaped } from './raw/jute.ts';
import { openAcl, requestHeader, requestShape, responseShape, type Stat } from './raw/records.ts';
import { RawSession } from './raw/session.ts';

const golden = JSON.parse(readFileSync(join(root, 'test/golden/records.json'), 'utf8')) as {
  name: string;
  record: string;
  hex: string;
}[];

const shapeOf: { [record: string]: Shape | undefined } = {
  RequestHeader: requestHeader,
  CreateRequest: requestShape.create,
  CreateTTLRequest: requestShape.createTTL,
  SetDataRequest: requestShape.setData,
  SetACLRequest: requestShape.setACL,
  SetWatches: requestShape.setWatches,
  SetWatches2: requestShape.setWatches2,
  AddWatchRequest: requestShape.addWatch,
  ReconfigRequest: requestShape.reconfig,
  GetDataResponse: responseShape.getData,
  GetACLResponse: responseShape.getACL,
  GetChildren2Response: responseShape.getChildren2,
  Create2Response: responseShape.create2,
  WhoAmIResponse: responseShape.whoAmI,
};

it('reads and writes every golden record it knows, byte for byte', () => {
  const seen = golden.filter((entry) => shapeOf[entry.record] !== undefined);
  expect(seen.length).toBeGreaterThan(20);
  for (const entry of seen) {
    const shape = shapeOf[entry.record] as Shape;
    const bytes = Buffer.from(entry.hex, 'hex');
    const reader = new Bytes(bytes);
    const value = reader.read(shape) as Shaped<Shape>;
    expect(reader.left, entry.name).toBe(0);
    expect(encode(shape, value).toString('hex'), entry.name).toBe(entry.hex);
  }
});

for (const [kind, port] of [
  [judge, 22100],
  [debian, 22101],
] as const) {
  const server = new Server({ kind, clientPort: port });
  beforeAll(() => server.start());
  afterAll(() => server.remove());

  it(`${kind} understands raw frames`, async () => {
    const session = await RawSession.open({ port });
    expect(session.granted?.timeoutMs).toBe(30_000);
    expect(await session.call('create', { path: '/raw', data: Buffer.from('x'), acl: openAcl, flags: 0 })).toEqual({
      path: '/raw',
    });
    const { data, stat } = await session.call<'getData', { data: Buffer; stat: Stat }>('getData', {
      path: '/raw',
      watch: true,
    });
    expect(data.toString()).toBe('x');
    expect(stat.czxid).toBe(2n);
    const answer = await session.callNamed('setData', { path: '/raw', data: null, version: 0 });
    expect(answer).toMatchObject({ zxid: 3n, err: 0, events: [{ type: 3, state: 3, path: '/raw' }] });
    await session.close();
  });
}
