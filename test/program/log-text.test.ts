import { describe, expect, it } from 'vitest';
import { textLine } from '../../src/program/log-text.ts';

describe('a line of the log for a person', () => {
  it('has time, level and message first, then the fields', () => {
    const json = '{"level":"info","time":"2026-11-30T15:04:05.123Z","myid":3,"mode":"leader","msg":"serving"}\n';
    expect(textLine(json)).toBe('2026-11-30 15:04:05.123 INFO  serving myid=3 mode=leader\n');
  });

  it('quotes what would be taken for two fields, and keeps a stack on lines of its own', () => {
    const json = JSON.stringify({
      level: 'error',
      time: '2026-11-30T15:04:05.123Z',
      reason: 'no space = bad',
      list: [1, 2],
      msg: 'stopped',
      stack: 'Error: x\n    at y',
    });
    expect(textLine(json)).toBe(
      '2026-11-30 15:04:05.123 ERROR stopped reason="no space = bad" list=[1,2]\nError: x\n    at y\n',
    );
  });

  it('that is no JSON is passed on', () => {
    expect(textLine('not json\n')).toBe('not json\n');
  });
});
