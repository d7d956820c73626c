// What a shell printed, in a form that two shells, or two servers, can be compared by.
import type { Outcome } from './programs.ts';

/** Without dates, addresses and session ids, and without what a Java shell says of its terminal. */
function named(text: string): string {
  const sessions: string[] = [];
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'SERVER')
    .replaceAll(/\w{3} \w{3} +\d+ \d\d:\d\d:\d\d (\w+ )?(\d{4})/g, (date, _zone, year) =>
      year === '1970' ? date : 'DATE',
    )
    .replaceAll(/\b(?:0x)?(1[0-9a-f]{14})\b/g, (_, id) => {
      if (!sessions.includes(id)) sessions.push(id);
      return `SESSION-${sessions.indexOf(id)}`;
    })
    .replaceAll(/^time = .* msec\n/gm, '')
    .replaceAll(/^\w{3} \d+, \d{4} .*\nWARNING: Unable to create a system terminal.*\n/gm, '');
}

/** The lines of cli_mt, runs of children sorted. */
function sortedChildren(text: string): string {
  return text.replaceAll(/(^\t[^\s=]+\n)+/gm, (run) =>
    run
      .split(/(?<=\n)/)
      .sort()
      .join(''),
  );
}

export interface Transcript {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
  /** Printed by another thread, between any two lines. */
  readonly events: string[];
}

export function transcript({ code, stdout, stderr }: Outcome): Transcript {
  const events: string[] = [];
  // Two prints of zkCli, with anything between them; one of cli_mt.
  const event = /\nWATCHER::\n|\nWatchedEvent .*\n|^Watcher (?!SESSION).*\n/gm;
  const lines = (text: string): string[] => {
    const plain = named(text).replaceAll(event, (print) => {
      // Whether the news of the connection itself is printed before the end is a matter of threads.
      if (!/WATCHER|type:None/.test(print)) events.push(print.trim());
      return '';
    });
    return sortedChildren(plain).split('\n');
  };
  return { code, out: lines(stdout), err: lines(stderr), events: events.sort() };
}
