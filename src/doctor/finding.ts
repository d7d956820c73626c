/** One thing that the doctor looked at, and what it thinks of it. */
export type Verdict = 'good' | 'note' | 'unknown' | 'bad';

export interface Finding {
  /** What was looked at: config, members, quorum, disk, limits, files. */
  readonly about: string;
  /** note: nothing is wrong, and it is worth knowing. unknown: it could not be found out. */
  readonly verdict: Verdict;
  readonly text: string;
  /** What to do about it. */
  readonly mend?: string;
}

export function good(about: string, text: string): Finding {
  return { about, verdict: 'good', text };
}

export function note(about: string, text: string, mend?: string): Finding {
  return finding('note', about, text, mend);
}

export function unknown(about: string, text: string, mend?: string): Finding {
  return finding('unknown', about, text, mend);
}

export function bad(about: string, text: string, mend?: string): Finding {
  return finding('bad', about, text, mend);
}

function finding(verdict: Verdict, about: string, text: string, mend: string | undefined): Finding {
  return mend === undefined ? { about, verdict, text } : { about, verdict, text, mend };
}
