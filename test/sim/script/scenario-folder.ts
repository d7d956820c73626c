import type { Scenario } from './script.ts';

/**
 * All scenarios are what the files of scenarios/ export: to add one is to add a file. The names of the files come from
 * outside, because the simulator is bundled, and a bundle has no folder to read.
 */
export async function loadScenarios(files: readonly string[]): Promise<readonly Scenario[]> {
  const modules = await Promise.all(
    files.map(async (file) => (await import(`../scenarios/${file}.ts`)) as Readonly<Record<string, unknown>>),
  );
  return modules.flatMap((module) => Object.values(module).filter(isScenario));
}

function isScenario(value: unknown): value is Scenario {
  return typeof value === 'object' && value !== null && 'about' in value && 'play' in value;
}
