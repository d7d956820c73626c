import { parentPort, workerData } from 'node:worker_threads';
import type { Less } from '../plan/plan.ts';
import { runScenario } from '../script/run-scenario.ts';
import { loadScenarios } from '../script/scenario-folder.ts';
import type { JudgedBy, Scenario } from '../script/script.ts';
import { countBuiltins } from '../world/work.ts';
import { minimise, runSeed } from './run.ts';

/** A thread that runs one world after another, as the main thread asks; what is simulated knows nothing of threads. */
export type Task =
  | {
      readonly kind: 'seed';
      readonly seed: number;
      readonly less: Less;
      readonly lines: number;
      readonly traced?: boolean;
    }
  | { readonly kind: 'scenario'; readonly name: string; readonly judgedBy: JudgedBy }
  | { readonly kind: 'minimise'; readonly seed: number }
  | { readonly kind: 'list' };

const port = parentPort;
if (port === null) throw new Error('to be run as a worker');
countBuiltins();
const scenarios = await loadScenarios(workerData as readonly string[]);

port.on('message', (task: Task) => {
  switch (task.kind) {
    case 'seed': {
      const { verdict, report } = runSeed(task.seed, task.less, task.lines, task.traced);
      port.postMessage({ verdict, report });
      return;
    }
    case 'scenario':
      port.postMessage(runScenario(scenarioNamed(task.name), task.judgedBy));
      return;
    case 'minimise':
      port.postMessage({ less: minimise(task.seed, (text) => port.postMessage({ progress: text })) });
      return;
    case 'list':
      port.postMessage({
        names: scenarios.map((scenario) => scenario.name),
        mutants: scenarios.map((scenario) => scenario.mutant),
      });
  }
});
port.postMessage({ ready: true });

function scenarioNamed(name: string): Scenario {
  const scenario = scenarios.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`no scenario '${name}'`);
  return scenario;
}
