import { availableParallelism } from 'node:os';
import { baselines } from '../../bench/baselines.ts';
import { type Bench, runRows } from '../../bench/bench.ts';
import { formats } from '../../bench/formats.ts';
import { gen } from '../../bench/gen-million.ts';
import { golden } from '../../bench/golden/index.ts';
import { matmulBench } from '../../bench/matmul/index.ts';
import { scan } from '../../bench/scan/index.ts';
import { simBench } from '../../bench/sim/index.ts';
import type { Command } from '../command.ts';
import { listOf } from '../list.ts';
import { wholeNumber } from '../options.ts';

/** What can be measured, by the name that the command line takes. */
const benches: Readonly<Record<string, Bench>> = {
  golden,
  baselines,
  formats,
  matmul: matmulBench,
  scan,
  sim: simBench,
  gen,
};

interface BenchArgs {
  readonly action: string;
  readonly threads: number;
  readonly rows: string | undefined;
}

/** `popscan bench WHAT`: what this machine measures against bounds; a check fails where one is missed. */
export const benchCommand: Command<BenchArgs> = {
  command: 'bench <action>',
  describe: 'Measure speed, memory and accuracy on this machine against their bounds',
  builder: (y) =>
    y
      .positional('action', {
        type: 'string',
        choices: Object.keys(benches),
        demandOption: true,
        describe: Object.entries(benches)
          .map(([name, bench]) => `${name}: ${bench.describe}`)
          .join('; '),
      })
      .option('threads', { type: 'number', default: Math.min(2, availableParallelism()), describe: 'threads' })
      .option('rows', { type: 'string', describe: `only these parts (default: all): ${rowNames()}` }),
  interruptible: true,
  async run({ action, threads, rows }, progress, { interrupted }) {
    const bench = benches[action]!;
    wholeNumber('--threads', threads, 1, 64);
    return runRows(bench, chosenRows(bench, rows), { threads }, progress, interrupted);
  },
};

function rowNames(): string {
  return Object.entries(benches)
    .map(([name, { rows, onDemand = {} }]) => {
      const names = [...Object.keys(rows), ...Object.keys(onDemand).map((r) => `${r} (not by default)`)];
      return `${name}: ${names.join(', ')}`;
    })
    .join('; ');
}

const chosenRows = ({ rows, onDemand = {} }: Bench, chosen: string | undefined): readonly string[] =>
  chosen === undefined ? Object.keys(rows) : listOf('--rows', chosen, [...Object.keys(rows), ...Object.keys(onDemand)]);
