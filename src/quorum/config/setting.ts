/** One key as it was written somewhere. */
export interface Setting {
  readonly key: string;
  readonly value: string;
  /** `zoo.cfg:12`, or where else it was written. */
  readonly where: string;
}

/** `file:line: key=value: what is wrong`; what the flags say is named by its flag in `where`. */
export function faultText(setting: Setting, what: string): string {
  return `${setting.where}: ${setting.key}=${setting.value}: ${what}`;
}
