import { printProperty, trimLikeJava } from '../../election/quorum/properties.ts';
import type { PeerConfig } from './peer-config.ts';

/**
 * Lines of zoo.cfg for the port for TLS that only the server line gave: membership has no place for it, so zoo.cfg keeps it.
 * `kept`: the lines that stay.
 */
export function secureLines(
  { secureClientPort, secureClientPortAddress }: PeerConfig,
  kept: readonly { readonly key: string }[],
): string[] {
  if (secureClientPort === undefined || kept.some(({ key }) => trimLikeJava(key) === 'secureClientPort')) return [];
  const lines = [printProperty('secureClientPort', String(secureClientPort))];
  const isKept = kept.some(({ key }) => trimLikeJava(key) === 'secureClientPortAddress');
  if (secureClientPortAddress !== undefined && !isKept) {
    lines.push(printProperty('secureClientPortAddress', secureClientPortAddress));
  }
  return lines;
}
