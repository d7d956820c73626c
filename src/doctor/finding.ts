/** The doctor's verdict on one thing. */
export type Verdict = 'good' | 'note' | 'unknown' | 'bad';

export interface Finding {
  /** The subject: config, members, clocks, ports, quorum, disk, limits, files or security. */
  readonly about: string;
  /** note: nothing is wrong, and it is worth knowing. unknown: it could not be found out. */
  readonly verdict: Verdict;
  readonly text: string;
  /** The step that cures it. */
  readonly mend?: string;
  /** The steps of a longer cure, in order. */
  readonly steps?: readonly string[];
}

export function good(about: string, text: string): Finding {
  return { about, verdict: 'good', text };
}

export function note(about: string, text: string, mend?: string, steps?: readonly string[]): Finding {
  const found = finding('note', about, text, mend);
  return steps === undefined ? found : { ...found, steps };
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
