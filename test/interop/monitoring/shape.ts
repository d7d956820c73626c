// The shape of a JSON answer: every key with the type that Java gave its value, and nothing of what it was.

/** Objects of which the keys are data: sessions, paths, times, members. */
const KEYED = new Set([
  'expiry_time_to_session_ids',
  'session_id_to_ephemeral_paths',
  'session_id_to_watched_paths',
  'path_to_session_ids',
  'current_config',
]);

/** Lines `.key.key[]: type`, sorted, each once. */
export function shapeOf(text: string): string[] {
  const typed = text.replace(
    /(: |\[ |, )(-?\d+)(\.\d+(?:E-?\d+)?)?(?=[,\n\s\]])/g,
    (_all, before, _whole, fraction) => {
      return `${before}${fraction === undefined ? '"#whole"' : '"#real"'}`;
    },
  );
  const lines = new Set<string>();
  walk(JSON.parse(typed), '', '', lines);
  return [...lines].sort();
}

function walk(value: unknown, path: string, key: string, lines: Set<string>): void {
  if (Array.isArray(value)) {
    // A list whose key is data, such as a moment at which sessions end, may be empty at one server and not at the other.
    if (value.length === 0 && !path.endsWith('*')) lines.add(`${path}: list`);
    for (const each of value) walk(each, `${path}[]`, '', lines);
  } else if (value !== null && typeof value === 'object') {
    for (const [name, each] of Object.entries(value)) walk(each, `${path}.${KEYED.has(key) ? '*' : name}`, name, lines);
    if (Object.keys(value).length === 0) lines.add(`${path}: object`);
  } else {
    lines.add(
      `${path}: ${value === '#whole' || value === '#real' ? value.slice(1) : value === null ? 'null' : typeof value}`,
    );
  }
}

/** `- line` is Apache's alone, `+ line` ours. */
export function differences(apache: readonly string[], ours: readonly string[]): string[] {
  return [
    ...apache.filter((line) => !ours.includes(line)).map((line) => `- ${line}`),
    ...ours.filter((line) => !apache.includes(line)).map((line) => `+ ${line}`),
  ];
}

/** The metrics that `mntr` names, as ServerMetrics knows them: without avg_ and the like, and without the key of a set. */
export function metricsOf(mntr: string): Set<string> {
  const names = new Set<string>();
  for (const line of mntr.split('\n')) {
    const name = /^zk_(\S+)\t/.exec(line)?.[1];
    if (name === undefined) continue;
    const bare = name
      .replace(
        /^(?:avg|min|max|cnt|sum|p50|p95|p99|p999)_(?!latency$|proposal_size$|client_response_size$|file_descriptor_count$)/,
        '',
      )
      .replace(/^\d+_/, '')
      .replace(/^[a-z0-9]+_((?:read|write|quota_\w+)_per_namespace)$/, '$1');
    names.add(bare);
  }
  return names;
}
