import { suggest } from '../../base/suggest.ts';
import { MANUAL_NAMES } from './keys/manual-names.ts';
import { KEYS, keySpec } from './keys.ts';

/** The end of a sentence about an unknown key: the key that was probably meant, or nothing. */
export function didYouMean(key: string): string {
  if (Object.hasOwn(MANUAL_NAMES, key)) return `; the key that works is ${MANUAL_NAMES[key]}`;
  const plain = key.replace(/^zookeeper\./, '');
  if (plain !== key && keySpec(plain) !== undefined) return `; in zoo.cfg it is ${plain}, without the prefix`;
  const known = suggest(plain, Object.keys(KEYS));
  return known === undefined ? '' : `; did you mean ${known}?`;
}
