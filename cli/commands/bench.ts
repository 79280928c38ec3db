import { availableParallelism } from 'node:os';
import { baselines } from '../../bench/baselines.ts';
import type { Bench } from '../../bench/bench.ts';
import { formats } from '../../bench/formats.ts';
import { gen } from '../../bench/gen-million.ts';
import { golden } from '../../bench/golden/index.ts';
import { matmulBench } from '../../bench/matmul/index.ts';
import { scan } from '../../bench/scan/index.ts';
import { simBench } from '../../bench/sim/index.ts';
import type { Command } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { CommandProblem } from '../problem.ts';

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
  async run({ action, threads, rows }, progress) {
    const bench = benches[action]!;
    wholeNumber('--threads', threads, 1, 64);
    return bench.run({ threads, rows: chosenRows(bench, rows) }, progress);
  },
};

function rowNames(): string {
  return Object.entries(benches)
    .flatMap(([name, { rows, onDemand = [] }]) =>
      rows === undefined ? [] : [`${name}: ${[...rows, ...onDemand.map((r) => `${r} (not by default)`)].join(', ')}`],
    )
    .join('; ');
}

function chosenRows({ rows = [], onDemand = [] }: Bench, chosen: string | undefined): readonly string[] {
  if (chosen === undefined) return rows;
  const names = chosen.split(',');
  const all = [...rows, ...onDemand];
  const unknown = names.find((name) => !all.includes(name));
  if (unknown === undefined) return names;
  throw new CommandProblem({
    id: 'usage',
    what: rows.length === 0 ? 'this bench has no rows to choose from' : `no row is called '${unknown}'`,
    where: '--rows',
    expected: rows.length === 0 ? 'no --rows' : all.join(', '),
    found: chosen,
    remedy: rows.length === 0 ? 'leave --rows out' : 'name some of these, separated by commas',
  });
}
