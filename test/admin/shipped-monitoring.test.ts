import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/client.ts';
import { type Ensemble, startEnsemble } from '../../src/index.ts';

/** Each name in the dashboard and in the alert rules is one that a live leader serves. */
const CONF = resolve(import.meta.dirname, '../../conf/monitoring');
/** Prometheus makes these itself; and words of its language. */
const NOT_OURS = new Set('up sum rate increase absent or job instance quantile label_values topk'.split(' '));

let ensemble: Ensemble;
let served: Set<string>;

beforeAll(async () => {
  ensemble = await startEnsemble(3, { properties: { 'admin.enableServer': true, 'admin.serverPort': 0 } });
  await Promise.all(ensemble.peers.map((peer) => peer.adminListening));
  // Some metrics are there once there was something to count.
  const client = await connect(`127.0.0.1:${ensemble.leader?.clientPort}`);
  await client.create('/written', 'x');
  await client.setData('/written', 'y');
  await client.close();
  const text = await (await fetch(`http://127.0.0.1:${ensemble.leader?.adminPort}/metrics`)).text();
  served = new Set([...text.matchAll(/^([a-z_]+)(?:\{| )/gm)].map((match) => match[1] as string));
});

afterAll(() => ensemble.close());

function namesIn(expression: string): string[] {
  const bare = expression.replace(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]/g, '');
  return [...bare.matchAll(/[a-z_]{2,}/g)].map(([name]) => name).filter((name) => !NOT_OURS.has(name));
}

describe('what is shipped for monitoring', () => {
  it('the dashboard asks for metrics that are served', () => {
    const dashboard = JSON.parse(readFileSync(`${CONF}/grafana-dashboard.json`, 'utf8')) as {
      readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
    };
    const names = dashboard.panels.flatMap((panel) => panel.targets.flatMap(({ expr }) => namesIn(expr)));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !served.has(name))).toEqual([]);
  });

  it('the alert rules ask for metrics that are served', () => {
    const rules = readFileSync(`${CONF}/prometheus-alerts.yml`, 'utf8');
    const names = [...rules.matchAll(/^\s+expr: (.*)$/gm)].flatMap((match) => namesIn(match[1] as string));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !served.has(name))).toEqual([]);
  });
});
