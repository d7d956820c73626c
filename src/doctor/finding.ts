/** The doctor's verdict on one thing. */
export type Verdict = 'good' | 'note' | 'unknown' | 'bad';

export interface Finding {
  /** The subject: config, members, quorum, disk, limits or files. */
  readonly about: string;
  /** note: nothing is wrong, and it is worth knowing. unknown: it could not be found out. */
  readonly verdict: Verdict;
  readonly text: string;
  /** The step that cures it. */
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
