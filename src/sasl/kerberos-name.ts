/**
 * Names of Kerberos, `service/host@REALM`, and the rules that make short names of them (`auth_to_local`): the identity
 * that ACLs see. A name without a realm is its own short name.
 */
export interface NameRules {
  readonly rules: readonly NameRule[];
  /** Of krb5.conf; "" where there is none. */
  readonly defaultRealm: string;
  readonly removeHost: boolean;
  readonly removeRealm: boolean;
}

/** Applies to names of its number of components; DEFAULT to those of the default realm. */
export type NameRule =
  | 'DEFAULT'
  | {
      readonly components: number;
      readonly format: string;
      readonly match: RegExp | undefined;
      readonly from: RegExp | undefined;
      readonly to: string;
    };

/** Returns what is wrong with them instead. */
export function parseNameRules(text: string): readonly NameRule[] | string {
  const rules: NameRule[] = [];
  let rest = text.trim();
  while (rest !== '') {
    const match = /^\s*(?:(DEFAULT)|RULE:\[(\d+):([^\]]*)\](?:\(([^)]*)\))?(?:s\/([^/]*)\/([^/]*)\/(g)?)?)/.exec(rest);
    if (match === null)
      return `no rule begins with ${rest.slice(0, 40)}; write RULE:[1:$1](match)s/from/to/ or DEFAULT`;
    const [all, isDefault, components, format, condition, from, to, global] = match;
    rest = rest.slice(all.length).trimStart();
    if (isDefault !== undefined) {
      rules.push('DEFAULT');
      continue;
    }
    try {
      rules.push({
        components: Number(components),
        format: format as string,
        match: condition === undefined ? undefined : new RegExp(`^(?:${condition})$`),
        from: from === undefined ? undefined : new RegExp(from, global === undefined ? '' : 'g'),
        to: to ?? '',
      });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return rules;
}

/**
 * The identity of who has proved `name` and wants to be `authzid`. A name that no rule fits stays as it is. At Apache it
 * becomes what the client wants to be, which lets a principal of any realm be anybody. Throws then, and for a text that is no
 * name.
 */
export function identityOf(name: string, authzid: string, { rules, defaultRealm, ...removed }: NameRules): string {
  const match = /^([^/@]*)(?:\/([^/@]*))?@([^/@]*)$/.exec(name);
  if (match === null) {
    if (name.includes('@')) throw new Error('a name with an "@" that is none of Kerberos');
    return name;
  }
  const [, service, host, realm] = match as unknown as [string, string, string | undefined, string];
  const short = shortName([realm, service, ...(host === undefined ? [] : [host])], rules, defaultRealm);
  if (short === undefined) {
    if (authzid !== name) throw new Error(`no rule makes a short name of ${name}, and it wants to be another`);
    return name;
  }
  return `${short}${removed.removeHost || host === undefined ? '' : `/${host}`}${removed.removeRealm ? '' : `@${realm}`}`;
}

/** `parts`: the realm, and the components behind it. */
function shortName(parts: readonly string[], rules: readonly NameRule[], defaultRealm: string): string | undefined {
  for (const rule of rules) {
    const short = rule === 'DEFAULT' ? (parts[0] === defaultRealm ? parts[1] : undefined) : apply(rule, parts);
    if (short === undefined) continue;
    return /[/@]/.test(short) ? undefined : short;
  }
  return undefined;
}

function apply(rule: Exclude<NameRule, 'DEFAULT'>, parts: readonly string[]): string | undefined {
  if (parts.length - 1 !== rule.components) return undefined;
  const base = rule.format.replace(/\$(\d+)/g, (_all, number: string) => parts[Number(number)] ?? '');
  if (rule.match !== undefined && !rule.match.test(base)) return undefined;
  return rule.from === undefined ? base : base.replace(rule.from, rule.to);
}
