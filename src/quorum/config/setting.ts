/** One key as it was written somewhere. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** `zoo.cfg:12`, or where else it was written. */
  readonly where: string;
}

/** `file:line: key=value: what is wrong`; what the flags say is named by its flag in `where`. */
export function faultText(setting: Setting, what: string): string {
  return `${setting.where}: ${setting.key}=${isSecret(setting.key) ? '***' : setting.value}: ${what}`;
}

/** Neither standard error nor the log is a place for it. */
function isSecret(key: string): boolean {
  return /password$|superDigest$/i.test(key);
}
