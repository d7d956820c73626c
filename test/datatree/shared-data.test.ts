import { expect, it } from 'vitest';
import { NodeTable } from '../../src/datatree/tree/node-table.ts';
import { Writer } from '../../src/jute/writer.ts';

/** Data long enough to be referred to in a reply instead of being copied. */
const LONG = 32 * 1024;

for (const length of [10, LONG - 1, LONG, 200_000]) {
  it(`a reply with ${length} bytes of data keeps them when the node has others before it is sent`, () => {
    const nodes = new NodeTable();
    const node = nodes.allocate('/a');
    nodes.setData(node, Buffer.alloc(length, 1));
    const w = new Writer();
    nodes.writeReplyData(node, w);
    nodes.setData(node, Buffer.alloc(length, 2));
    nodes.setData(node, undefined);
    for (let i = 0; i < 100; i++) nodes.setData(nodes.allocate(`/b${i}`), Buffer.alloc(length, 3));
    const sent = w.take();
    expect(sent.length).toBe(4 + length);
    expect(sent.readInt32BE(0)).toBe(length);
    expect(sent.subarray(4).equals(Buffer.alloc(length, 1))).toBe(true);
  });
}
