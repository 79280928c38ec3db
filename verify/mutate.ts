/** Mutation testing of a unit: its own vectors, at full speed and with stalls, against every planted fault. */
import { bundle, type Module } from '../gen/index.ts';
import { createHistory, createSimulator } from '../sim/index.ts';
import { type Mutants, type MutationOptions, mutate } from '../sim/mutate/index.ts';
import { type MutationUnit, mutationUnits } from './mutation-units.ts';
import { type RunOptions, run } from './run.ts';

/** At full speed at first, which is over soonest; then with pauses, behind work that was dropped half-way. */
const runs: readonly Pick<RunOptions, 'stall' | 'dropped'>[] = [
  { stall: 0 },
  {
    stall: 0.3,
    dropped: [
      { after: 43, by: 'reset' },
      { after: 160, by: 'flush' },
    ],
  },
  { stall: { feeds: 0, collects: 0.9 } },
  { stall: { feeds: 0.8, collects: 0 } },
  { stall: 0.1, dropped: [{ after: 31, by: 'flush' }] },
  {
    stall: 0.5,
    dropped: [
      { after: 80, by: 'flush' },
      { after: 97, by: 'reset' },
    ],
  },
  { stall: 0, dropped: [{ after: 11, by: 'flush' }] },
  { stall: 0, dropped: [{ after: 64, by: 'flush' }] },
];

export type UnitMutationOptions = Pick<MutationOptions, 'count' | 'seed' | 'progress' | 'stopped'>;

/** `unit`: one of `mutationUnits`. */
export function mutateUnit(unit: string, options: UnitMutationOptions): Promise<Mutants> {
  const work = mutationUnits[unit]!();
  const top = bundle(`mutated_${unit}`, { [unit]: work.design }).module;
  const found = firstFinding(top, work);
  if (found !== undefined) throw new Error(`${unit} fails its own vectors: ${found}`);
  return mutate({ ...options, top, test: (faulty) => firstFinding(faulty, work) });
}

/** What the vectors find wrong with a design; undefined: nothing. */
function firstFinding(top: Module, { bench, also }: MutationUnit): string | undefined {
  const engine = createSimulator(top, { properties: 'throw' });
  const powerUp = engine.save();
  for (const how of runs) {
    engine.restore(powerUp);
    const opened = { top, engines: [engine], tools: {}, history: createHistory(), close: () => engine.close() };
    const result = run(opened, [bench()], { ...how, seed: 1, wave: undefined, progress: () => undefined });
    const wrong = result.verdicts.find((v) => v.mismatch !== undefined);
    const found = result.stuck ?? (wrong === undefined ? undefined : `${wrong.label}: ${wrong.mismatch!.text}`);
    if (found !== undefined) return found;
  }
  return also?.(top.instances[0]!.module);
}
