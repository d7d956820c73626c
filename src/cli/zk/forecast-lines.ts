import type { MembershipForecast } from '../../election/quorum/membership-forecast.ts';

/** As lines for people, but for the reason of a refusal. */
export function forecastLines(forecast: MembershipForecast): string[] {
  const { changes, votersBefore, votersAfter, behind, spareBefore, spareAfter, spareThen, handsOver, refused } =
    forecast;
  const lines = changes.length === 0 ? ['the members stay as they are'] : [...changes];
  lines.push(`voters before: ${votersBefore.join(',')}; ${spareText(spareBefore)}`);
  lines.push(`voters after: ${votersAfter.join(',')}; ${spareText(spareAfter)}`);
  if (behind.length > 0) {
    lines.push(`not synchronised, and would not count until it is: ${behind.join(',')}; then ${spareText(spareThen)}`);
  }
  if (spareAfter < spareBefore) lines.push('it would survive fewer failures than now');
  if (handsOver) lines.push('the leader would hand over');
  if (refused === undefined) lines.push('it would be carried out');
  return lines;
}

function spareText(spare: number): string {
  return spare < 0 ? 'too few of them follow' : `${spare} may fail`;
}
