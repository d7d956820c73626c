import type { KeySpec } from './keys/key-spec.ts';
import { type FieldsOfKeys, KEYS, type KeyName } from './keys.ts';
import type { Settings } from './settings.ts';

/** The fields of PeerConfig that one key alone decides. */
export function fieldsOf(settings: Pick<Settings, 'value'>): FieldsOfKeys {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(KEYS) as KeyName[]) {
    const spec: KeySpec = KEYS[key];
    if (spec.field === undefined) continue;
    const value = settings.value(key);
    const to = 'to' in spec ? (spec.to as (value: unknown) => unknown) : undefined;
    fields[spec.field] = to === undefined ? value : to(value);
  }
  // The type says the same of each key as the loop does, key by key.
  return fields as FieldsOfKeys;
}
