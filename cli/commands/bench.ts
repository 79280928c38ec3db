import { availableParallelism } from 'node:os';
import type { Bench } from '../../bench/bench.ts';
import { goldenBaselines } from '../../bench/golden-baselines.ts';
import { goldenDecode } from '../../bench/golden-decode.ts';
import { mutants } from '../../bench/mutants.ts';
import { simBench } from '../../bench/sim/index.ts';
import type { Command } from '../command.ts';

/** What can be measured, by the name that the command line takes. */
const benches = { golden: goldenDecode, baselines: goldenBaselines, mutants, sim: simBench } satisfies Record<
  string,
  Bench
>;

interface BenchArgs {
  readonly action: keyof typeof benches;
  readonly threads: number;
}

/** `popscan bench WHAT`: speed and memory on this machine; a check fails where a bound of ours is missed. */
export const benchCommand: Command<BenchArgs> = {
  command: 'bench <action>',
  describe: 'Measure speed and memory on this machine',
  builder: (y) =>
    y
      .positional('action', {
        choices: Object.keys(benches) as (keyof typeof benches)[],
        demandOption: true,
        describe: Object.entries(benches)
          .map(([name, bench]) => `${name}: ${bench.describe}`)
          .join('; '),
      })
      .option('threads', { type: 'number', default: Math.min(2, availableParallelism()), describe: 'threads' }),
  run: ({ action, threads }, progress) => benches[action].run({ threads }, progress),
};
