import { describe, expect, it } from 'vitest';
import { JavaDouble, javaJson } from '../../src/admin/java-json.ts';

/** The expected texts are answers of an Apache ZooKeeper 3.9.5 admin server, with other numbers. */
describe('JSON as Jackson prints it', () => {
  it('objects in two-space steps, arrays on one line, objects in an array', () => {
    const connection = { remote_socket_address: '127.0.0.1:48378', interest_ops: 1, session_id: 72057643451351040n };
    expect(javaJson({ connections: [connection], secure_connections: [], command: 'connections', error: null })).toBe(
      [
        '{',
        '  "connections" : [ {',
        '    "remote_socket_address" : "127.0.0.1:48378",',
        '    "interest_ops" : 1,',
        '    "session_id" : 72057643451351040',
        '  } ],',
        '  "secure_connections" : [ ],',
        '  "command" : "connections",',
        '  "error" : null',
        '}',
      ].join('\n'),
    );
  });

  it('a map keeps keys that look like numbers in the order of insertion', () => {
    const sets = new Map([
      ['780000', [2n, 1n]],
      ['776000', []],
    ]);
    expect(javaJson({ sets })).toBe('{\n  "sets" : {\n    "780000" : [ 2, 1 ],\n    "776000" : [ ]\n  }\n}');
  });

  it('doubles always have a point, and what is no number is a string', () => {
    expect(javaJson([new JavaDouble(0), new JavaDouble(4.6667), new JavaDouble(1e7), new JavaDouble(Number.NaN)])).toBe(
      '[ 0.0, 4.6667, 1.0E7, "NaN" ]',
    );
    expect(javaJson({})).toBe('{ }');
  });
});
