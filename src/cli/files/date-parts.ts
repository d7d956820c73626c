/** The parts of a date, by a format that is made once: making one takes longer than a thousand uses. */
const formats = new Map<string, Intl.DateTimeFormat>();

export function dateParts(
  wallMs: number,
  locale: string,
  options: Intl.DateTimeFormatOptions,
): { readonly [part: string]: string } {
  const key = `${locale} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, options);
    formats.set(key, format);
  }
  return Object.fromEntries(format.formatToParts(wallMs).map(({ type, value }) => [type, value]));
}
