import { pino } from 'pino';
import { expect, it } from 'vitest';
import { ComponentLogs } from '../../src/program/component-logs.ts';
import { logOptions } from '../../src/program/log-options.ts';

it('a line quotes 4,096 characters of a text at most, in each of its fields and of each component', () => {
  const lines: string[] = [];
  const log = new ComponentLogs(pino(logOptions('info'), { write: (line) => lines.push(line) }));
  const fields = { scheme: 'x'.repeat(1_000_000), client: '/10.0.0.1:5', reason: 'y'.repeat(4096), frames: 3 };
  log.warn(fields, 'authentication refused');
  log.of('server').warn(fields, 'authentication refused');
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said.map(({ time: _, ...rest }) => rest)).toEqual(
    [{}, { component: 'server' }].map((component) => ({
      level: 'warn',
      ...component,
      scheme: `${'x'.repeat(4096)}...`,
      client: '/10.0.0.1:5',
      reason: 'y'.repeat(4096),
      frames: 3,
      msg: 'authentication refused',
    })),
  );
  expect(fields.scheme.length).toBe(1_000_000);
});
