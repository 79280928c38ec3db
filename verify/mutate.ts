/** Mutation testing of a unit: its own vectors, at full speed and with stalls, against every planted fault. */
import { bundle, type Module } from '../gen/index.ts';
import { createHistory, createRandom, createSimulator, type Engine } from '../sim/index.ts';
import { type Mutants, type MutationOptions, mutate } from '../sim/mutate/index.ts';
import { counterPorts, countersExpected, countersStarted } from './mutation-counters.ts';
import { instanceOf, type MutationUnit, mutationUnits, runs } from './mutation-units.ts';
import { drawDrops } from './pauses.ts';
import { type RunOptions, run } from './run.ts';
import type { UnitBench } from './unit-bench.ts';

interface PlannedRun extends Pick<RunOptions, 'stall' | 'dropped'> {
  /** Of which work. */
  readonly work: number;
  /** Counters of clamped values begin far from 0. */
  readonly started?: boolean;
}

/** At full speed at first, which is over soonest; then with pauses, some behind work that was dropped half-way. */
function runOf(work: number): PlannedRun {
  if (work === 0) return { work, stall: 0 };
  const random = createRandom(work);
  const drops = work % 2 === 0 ? 0 : 1 + random.below(2);
  return {
    work,
    stall: work % 4 === 1 ? 0 : 'varied',
    dropped: drawDrops(random, drops),
  };
}

/** After those runs each stream alone is waited for, or lets the unit wait, and counters go through all their bits. */
function runsOf({ benchOf }: MutationUnit): PlannedRun[] {
  const { feeds, collects } = benchOf(0);
  const streams = [...Object.keys(feeds), ...Object.keys(collects)];
  const alone = streams.map((stream, i) => ({ work: runs + i, stall: { alone: stream } }));
  return [...Array.from({ length: runs }, (_, n) => runOf(n)), ...alone, { work: 0, stall: 0, started: true }];
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
  const work = mutationUnits[unit]!();
  const top = alone(unit, work, work.design.module);
  const find = vectorsOf(unit, work);
  const wrong = find(top);
  if (wrong !== undefined) throw new Error(`${unit} fails its own vectors: ${wrong}`);
  return { top, find };
}

/** A unit, as `module` has it, in a module of its own. */
const alone = (unit: string, { design }: MutationUnit, module: Module): Module =>
  bundle(`mutated_${unit}`, { [unit]: { ...design, module } }).module;

/** What a unit's runs, then those of its parts, find wrong with it in a module of its own. The first that is sound says how many cycles they take. */
function vectorsOf(unit: string, work: MutationUnit): OpenUnit['find'] {
  const planned = runsOf(work);
  const counters = counterPorts(alone(unit, work, work.design.module));
  const cycles: number[] = [];
  const parts = Object.entries(work.parts ?? {}).map(([name, part]) => partOf(name, part));
  return (top) => {
    const engine = createSimulator(top, { properties: 'throw' });
    const powerUp = engine.save();
    for (const [n, { work: of, started, ...options }] of planned.entries()) {
      engine.restore(powerUp);
      const bench = work.benchOf(of);
      const { finding, cycles: found } =
        started === true
          ? runOn(createSimulator(countersStarted(top)), countersExpected(bench, counters), options, n)
          : runOn(engine, bench, options, n);
      if (finding !== undefined) return finding;
      cycles[n] ??= found;
      if (found !== cycles[n]) return `run ${n}: ${cycles[n]} cycles expected, ${found} found`;
    }
    const { module } = top.instances[0]!;
    for (const find of [work.also, ...parts]) {
      const found = find?.(module);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** What is wrong with a part of a unit; one that is as it was at first is not run again. */
function partOf(name: string, work: MutationUnit): (unit: Module) => string | undefined {
  const find = vectorsOf(name, work);
  let sound: Module | undefined;
  return (unit) => {
    const part = instanceOf(unit, name);
    if (part === sound) return undefined;
    const found = find(alone(name, work, part));
    if (found === undefined) sound ??= part;
    return found === undefined ? undefined : `${name} alone: ${found}`;
  };
}

/** What one run finds, and its cycles. */
function runOn(engine: Engine, bench: UnitBench, options: Pick<RunOptions, 'stall' | 'dropped'>, seed: number) {
  const opened = { engines: [engine], history: createHistory() };
  const { verdicts, stuck, units } = run(opened, [bench], {
    ...options,
    seed,
    wave: undefined,
    progress: () => undefined,
  });
  const wrong = verdicts.find((v) => v.mismatch !== undefined);
  const finding = stuck ?? (wrong === undefined ? undefined : `${wrong.label}: ${wrong.mismatch!.text}`);
  return { finding, cycles: units[0]!.cycles };
}
