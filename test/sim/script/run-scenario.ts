import { type Failure, failureOf } from '../judges/violation.ts';
import type { JudgedBy, Scenario } from './script.ts';
import { Script } from './script.ts';

export interface ScenarioRun {
  readonly name: string;
  readonly failure: string | undefined;
  readonly kind: 'ok' | Failure['kind'];
  readonly report: string;
}

export function runScenario(scenario: Scenario, judgedBy: JudgedBy = 'everything'): ScenarioRun {
  const { name } = scenario;
  const script = new Script(scenario, judgedBy);
  try {
    scenario.play(script);
    script.finish();
    return { name, failure: undefined, kind: 'ok', report: '' };
  } catch (error) {
    const { kind, message } = failureOf(error);
    return { name, failure: message, kind, report: script.report() };
  }
}
