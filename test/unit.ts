/** Runs one unit's work on the simulator. */
import type { Design } from '../gen/index.ts';
import { bundle } from '../gen/index.ts';
import { createHistory, createSimulator } from '../sim/index.ts';
import { run } from '../verify/run.ts';
import type { UnitBench } from '../verify/unit-bench.ts';

export function runUnit(
  design: Design,
  unit: string,
  bench: UnitBench,
  stall: number,
): { wrong: string[]; cycles: number } {
  const top = bundle('top', { [unit]: design }).module;
  const engine = createSimulator(top, { properties: 'throw' });
  const opened = { top, engines: [engine], tools: {}, history: createHistory(), close: () => engine.close() };
  const result = run(opened, [bench], { stall, seed: 1, wave: undefined, progress: () => undefined });
  const { undefinedReads } = engine.status();
  engine.close();
  const wrong = result.verdicts.flatMap((v) => (v.mismatch === undefined ? [] : [`${v.label}: ${v.mismatch.text}`]));
  if (undefinedReads > 0) wrong.push(`${undefinedReads} reads under a write`);
  return { wrong: result.stuck === undefined ? wrong : [...wrong, result.stuck], cycles: result.units[0]!.cycles };
}
