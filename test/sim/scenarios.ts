import type { Scenario } from './script.ts';
import { Script } from './script.ts';
import { Violation } from './violation.ts';

/** All scenarios, one file each in scenarios/, in the order of their names. */
const SCENARIOS: readonly Scenario[] = [];

export interface ScenarioRun {
  readonly name: string;
  readonly failure: string | undefined;
  readonly report: string;
}

export function allScenarios(): readonly Scenario[] {
  return SCENARIOS;
}

export function runScenario(name: string): ScenarioRun {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) return { name, failure: 'no such scenario', report: '' };
  const script = new Script(scenario);
  try {
    scenario.play(script);
    script.finish();
    return { name, failure: undefined, report: '' };
  } catch (error) {
    const failure = error instanceof Violation ? error.message : String((error as Error).stack);
    return { name, failure, report: script.report() };
  }
}
