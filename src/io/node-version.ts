/** The oldest Node.js this runs on. This file is written so that older ones can read it. */
export const OLDEST_NODE = 20;

/** A sentence for those who have an older one. */
export function nodeVersionProblem(version: string): string | undefined {
  const major = Number(version.split('.')[0]);
  return major >= OLDEST_NODE ? undefined : `Node.js ${OLDEST_NODE} or newer is needed, and this is ${version}.`;
}
