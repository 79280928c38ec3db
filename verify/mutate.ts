/** Mutation testing of a unit: its own vectors, at full speed and with stalls, against every planted fault. */
import { bundle, type Module } from '../gen/index.ts';
import { createHistory, createRandom, createSimulator } from '../sim/index.ts';
import { type Mutants, type MutationOptions, mutate } from '../sim/mutate/index.ts';
import { type MutationUnit, mutationUnits, runs } from './mutation-units.ts';
import { type RunOptions, run } from './run.ts';

/** At full speed at first, which is over soonest; then with pauses, some behind work that was dropped half-way. */
function runOf(n: number): Pick<RunOptions, 'stall' | 'dropped'> {
  if (n === 0) return { stall: 0 };
  const random = createRandom(n);
  const drops = n % 2 === 0 ? 0 : 1 + random.below(2);
  return {
    stall: n % 4 === 1 ? 0 : 'varied',
    dropped: Array.from({ length: drops }, () => ({
      after: random.below(200),
      by: random.chance(0.7) ? 'flush' : 'reset',
    })),
  };
}

export type UnitMutationOptions = Pick<MutationOptions, 'count' | 'seed' | 'progress' | 'stopped'>;

/** `unit`: one of `mutationUnits`. */
export async function mutateUnit(unit: string, options: UnitMutationOptions): Promise<Mutants> {
  const { top, find } = await openUnit(unit);
  return mutate({ ...options, top, test: find });
}

export interface OpenUnit {
  readonly top: Module;
  /** What the runs find wrong with a version of `top`; undefined: nothing. */
  readonly find: (top: Module) => string | undefined;
}

/** A unit in a module of its own, and its runs, which find what is wrong with a version of that module. */
export async function openUnit(unit: string): Promise<OpenUnit> {
  const work = await mutationUnits[unit]!();
  const top = bundle(`mutated_${unit}`, { [unit]: work.design }).module;
  const planned: number[] = [];
  const wrong = firstFinding(top, work, (n, cycles) => {
    planned[n] = cycles;
    return undefined;
  });
  if (wrong !== undefined) throw new Error(`${unit} fails its own vectors: ${wrong}`);
  const late = (n: number, cycles: number) =>
    cycles === planned[n] ? undefined : `run ${n}: ${planned[n]} cycles expected, ${cycles} found`;
  return { top, find: (faulty) => firstFinding(faulty, work, late) };
}

/** What the runs find wrong with a design, or `judge` with the cycles of one; undefined: nothing. */
function firstFinding(
  top: Module,
  { benchOf, also }: MutationUnit,
  judge: (run: number, cycles: number) => string | undefined,
): string | undefined {
  const engine = createSimulator(top, { properties: 'throw' });
  const powerUp = engine.save();
  for (let n = 0; n < runs; n++) {
    engine.restore(powerUp);
    const opened = { top, engines: [engine], tools: {}, history: createHistory(), close: () => engine.close() };
    const result = run(opened, [benchOf(n)], { ...runOf(n), seed: n, wave: undefined, progress: () => undefined });
    const wrong = result.verdicts.find((v) => v.mismatch !== undefined);
    const found = result.stuck ?? (wrong === undefined ? undefined : `${wrong.label}: ${wrong.mismatch!.text}`);
    const finding = found ?? judge(n, result.units[0]!.cycles);
    if (finding !== undefined) return finding;
  }
  return also?.(top.instances[0]!.module);
}
