import { expect, test } from 'vitest';
import { fourLetterWord } from './four-letter-word.ts';
import { configFile, Program } from './program-process.ts';

/** A real process, told over its admin port what to log. */
test('the levels of all and of single components are changed while it runs', async () => {
  const keys = 'clientPort=0\nadmin.enableServer=true\nadmin.serverPort=0\n';
  const program = new Program(['--config', configFile(keys), '--welcome', '--log-level', 'info']);
  await program.said('Serving on 127.0.0.1:');
  await program.said('admin commands are served');
  const clientPort = Number(/Serving on \S+:(\d+)/.exec(program.err)?.[1]);
  const served = program.lines.find(({ msg }) => msg === 'admin commands are served') as { port?: number };
  const headers = { Authorization: 'digest anybody:anything' };
  const level = async (query: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${served.port}/commands/log_level?${query}`, { headers });
    return ((await answer.json()) as { components: unknown }).components;
  };
  const words = () => program.lines.filter(({ msg }) => msg === 'four-letter word').length;
  const ask = async (): Promise<number> => {
    const before = words();
    expect(await fourLetterWord(clientPort, 'ruok')).toBe('imok');
    // Standard output comes in order: what was to be said of it was said before this.
    program.kill('SIGHUP');
    hups++;
    await program.until(
      () => program.lines.filter(({ msg }) => msg === 'a signal that changes nothing').length === hups,
    );
    return words() - before;
  };
  let hups = 0;

  const all = {
    admin: 'info',
    datatree: 'info',
    election: 'info',
    quorum: 'info',
    server: 'info',
    txnlog: 'info',
    zab: 'info',
  };
  expect(await level('')).toEqual(all);
  expect(await ask()).toBe(0);
  expect(await level('component=server&level=debug')).toEqual({ ...all, server: 'debug' });
  expect(await ask()).toBe(1);
  expect(program.lines.find(({ msg }) => msg === 'four-letter word')).toMatchObject({
    component: 'server',
    level: 'debug',
  });
  // Set apart, it stays as it is when the rest changes, and follows again when told so.
  expect(await level('level=warn')).toMatchObject({ zab: 'warn', server: 'debug' });
  expect(await level('level=info')).toMatchObject({ zab: 'info', server: 'debug' });
  expect(await level('component=server&level=default')).toEqual(all);
  expect(await ask()).toBe(0);
  program.kill('SIGTERM');
  expect(await program.ended).toBe(0);
});
