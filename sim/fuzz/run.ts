/** A whole fuzzing run: bundle after bundle, two at a time, up to the first that fails. */
import { type Failure, failuresOf, type Run } from './compare.ts';
import { randomCase } from './generate.ts';

export interface FuzzOptions extends Run {
  /** Number of the first module. */
  readonly first: number;
  readonly modules: number;
  /** Modules in one build. */
  readonly bundle: number;
  readonly progress?: (done: number) => void;
  /** True when no further bundle is to be begun. */
  readonly stopped?: () => boolean;
}

export interface FuzzResult {
  /** Modules whose outputs were compared. */
  readonly modules: number;
  /** Of these, how many each engine took. */
  readonly taken: ReadonlyMap<string, number>;
  /** First failure of each module that failed, by number. */
  readonly failures: readonly Failure[];
  /** Modules on which an engine's tool ended with an internal error of its own: not compared there. */
  readonly crashes: readonly Failure[];
}

/** Measured (sim/README.md): the C++ of larger bundles takes more memory and no less time per module. */
export const defaultBundle = 50;
const bundlesAtOnce = 2;

export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, engines, first, modules, bundle, progress = () => undefined } = options;
  const failures: Failure[] = [];
  const crashes: Failure[] = [];
  const taken = new Map(engines.map((e) => [e.name, 0]));
  let started = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (started < modules && failures.length === 0 && options.stopped?.() !== true) {
      const from = first + started;
      const count = Math.min(bundle, modules - started);
      started += count;
      const cases = Array.from({ length: count }, (_, i) => randomCase(seed, from + i));
      const found = await failuresOf(cases, options);
      failures.push(...found.filter((f) => f.kind !== 'crashed'));
      crashes.push(...found.filter((f) => f.kind === 'crashed'));
      for (const { name, takes } of engines) {
        const crashed = new Set(found.filter((f) => f.kind === 'crashed' && f.engine === name).map((f) => f.case));
        taken.set(name, taken.get(name)! + cases.filter((item) => takes(item.module) && !crashed.has(item)).length);
      }
      done += count;
      progress(done);
    }
  };
  await Promise.all(Array.from({ length: bundlesAtOnce }, work));
  const sorted = (all: Failure[]): Failure[] => all.sort((a, b) => a.case.index - b.case.index);
  return { modules: done, taken, failures: sorted(failures), crashes: sorted(crashes) };
}
