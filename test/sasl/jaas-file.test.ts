import { describe, expect, it } from 'vitest';
import { JaasFault, parseJaas } from '../../src/sasl/jaas-file.ts';

const APACHES = `Server {
       org.apache.zookeeper.server.auth.DigestLoginModule required
       user_super="adminsecret"
       user_bob="bob;\\"secret";
};
// of the other servers
QuorumServer {
  /* all of
     them */
  org.apache.zookeeper.server.auth.DigestLoginModule REQUIRED user_test='test' ;
};
Client { com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab="/k.keytab" principal="a/b@C"; };`;

function faultOf(text: string): string {
  try {
    parseJaas(text);
  } catch (error) {
    if (error instanceof JaasFault) return `${error.line}: ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('a login configuration', () => {
  it('is read as Java reads it', () => {
    const sections = parseJaas(APACHES);
    expect([...sections.keys()]).toEqual(['Server', 'QuorumServer', 'Client']);
    expect([...(sections.get('Server')?.[0]?.options ?? [])]).toEqual([
      ['user_super', 'adminsecret'],
      ['user_bob', 'bob;"secret'],
    ]);
    expect(sections.get('QuorumServer')?.[0]).toMatchObject({
      className: 'org.apache.zookeeper.server.auth.DigestLoginModule',
      line: 10,
    });
    expect([...(sections.get('Client')?.[0]?.options.keys() ?? [])]).toEqual(['useKeyTab', 'keyTab', 'principal']);
  });

  it('may hold several modules in a section, and nothing at all', () => {
    expect(parseJaas('').size).toBe(0);
    expect(parseJaas('A { x.Y required; x.Z optional a=b; };').get('A')).toHaveLength(2);
  });

  it.each([
    ['Server\n  x.Y required;\n};', '2: a "{" belongs behind the name of the section Server'],
    [
      'Server {\n x.Y\n user_bob="geheim";\n};',
      '3: one of required, requisite, sufficient, optional belongs behind x.Y',
    ],
    ['Server {\n x.Y required\n user_bob="geheim"\n};', '4: a ";" belongs at the end of the options of x.Y'],
    ['Server {\n x.Y required\n user_bob "geheim";\n};', '3: a "=" belongs behind the option user_bob'],
    ['Server {\n x.Y required\n user_bob=;\n};', '3: a value belongs behind user_bob='],
    ['Server {\n x.Y required\n user_bob="geheim;\n};', '3: a quote is opened and not closed on its line'],
    ['Server {\n x.Y required a=b;\n}', '3: a ";" belongs behind the "}" of the section Server'],
    ['Server {\n x.Y required a=b;\n', '3: a "}" and a ";" belong at the end of a section'],
    ['Server {\n};', '1: the section Server has no login module'],
    ['A { x.Y required; };\nA { x.Y required; };', '2: the section A is there twice'],
    ['A { x.Y required\n a=b\n a=c; };', '3: the option a is there twice'],
    [
      'A { x.Y required\n a="$' + '{user.home}/k"; };',
      '2: the value of a has to be written out: there are no Java properties here',
    ],
    ['};', '1: a name of a section belongs here, not "}"'],
  ])('with a fault names its line and what would be right: %j', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
    expect(faultOf(text)).not.toContain('geheim');
  });
});
