import { parentPort, workerData } from 'node:worker_threads';
import type { Less } from './plan.ts';
import { minimise, runSeed } from './run.ts';
import { allScenarios, runScenario } from './scenarios.ts';
import type { JudgedBy } from './script.ts';

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

port.on('message', (task: Task) => {
  switch (task.kind) {
    case 'seed': {
      const { verdict, report } = runSeed(task.seed, task.less, task.lines, task.traced);
      port.postMessage({ verdict, report });
      return;
    }
    case 'scenario':
      port.postMessage(runScenario(task.name, task.judgedBy));
      return;
    case 'minimise':
      port.postMessage({ less: minimise(task.seed, (text) => port.postMessage({ progress: text })) });
      return;
    case 'list':
      port.postMessage({
        names: allScenarios().map((scenario) => scenario.name),
        mutants: allScenarios().map((scenario) => scenario.mutant),
      });
  }
});
port.postMessage({ ready: workerData ?? true });
