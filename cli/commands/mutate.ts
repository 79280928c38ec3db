/** `popscan mutate`: single faults in a unit, each of which the unit's own vectors must find. */
import { relative } from 'node:path';
import { describe, type Mutant, type Mutants, mutationKinds } from '../../sim/mutate/index.ts';
import { pace } from '../../sim/pace.ts';
import { yosysVersion } from '../../sim/yosys.ts';
import { mutateUnit } from '../../verify/mutate.ts';
import { mutationUnits } from '../../verify/mutation-units.ts';
import { version } from '../../verify/version.ts';
import type { Check, Command, Report } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { table } from '../print.ts';
import { unfinished } from '../unfinished.ts';

interface Args {
  readonly unit: string;
  readonly n: number;
  readonly seed: number;
}

/** What the vectors must find of all faults that are not proved harmless. */
const leastKillRate = 0.98;

export const mutateCommand: Command<Args> = {
  command: 'mutate',
  describe: "Plant single faults in a unit and count those that the unit's vectors find",
  interruptible: true,
  builder: (y) =>
    y
      .usage(
        [
          'popscan mutate --unit U [-n 200] [--seed S]',
          '',
          'Plants one fault after another in the design of a unit: operators and operands exchanged, constants',
          "off by one, bits stuck, enables wrong, registers dropped or doubled. Each runs the unit's own",
          'vectors. Faults that these do not find are told apart from harmless ones by a proof in Yosys; what',
          'is not proved survives.',
        ].join('\n'),
      )
      .option('unit', {
        type: 'string',
        choices: Object.keys(mutationUnits),
        demandOption: true,
        describe: 'which unit',
      })
      .option('n', { type: 'number', default: 200, describe: 'how many faults' })
      .option('seed', { type: 'number', default: 1, describe: 'which faults' })
      .example('popscan mutate --unit scan -n 200 --seed 1', ''),
  run: async (a, progress, session) => {
    const count = wholeNumber('-n', a.n, 1, 1_000_000);
    const seed = wholeNumber('--seed', a.seed, 0, 2 ** 32 - 1);
    progress(`${a.unit}: its own vectors on the design as it is`);
    const rate = pace('mutants', count);
    const result = await mutateUnit(a.unit, {
      count,
      seed,
      stopped: session.interrupted,
      progress: (done, note) => progress(`${rate(done.mutants.length)}, ${done.killed} killed; ${note}`),
    });
    return report(result, count, session.interrupted());
  },
};

function report(r: Mutants, count: number, interrupted: boolean): Report {
  const survivors = r.mutants.filter((m) => m.outcome === 'survived');
  const different = r.mutants.length - r.equivalent;
  const checks: Check[] = [
    {
      name: `the vectors find at least ${100 * leastKillRate} % of the faults`,
      ok: r.killRate >= leastKillRate && r.mutants.length > 0,
      detail: `${r.killed} of ${different}, ${r.equivalent} proved harmless`,
    },
  ];
  if (interrupted) checks.push(...unfinished('all faults were planted', r.mutants.length, count));
  return {
    figures: [
      { name: 'mutants', value: r.mutants.length, unit: 'faults', kind: 'simulated' },
      { name: 'killed', value: r.killed, unit: 'faults', kind: 'simulated' },
      { name: 'equivalent', value: r.equivalent, unit: 'faults', kind: 'simulated' },
      { name: 'kill_rate', value: r.killRate, unit: 'of those not equivalent', kind: 'simulated' },
    ],
    checks,
    skipped: [],
    tools: { sim: { version, how: 'wasm' }, yosys: { version: yosysVersion(), how: 'wasm' } },
    text: [byKind(r), ...(survivors.length === 0 ? [] : ['', 'survivors:', ...survivors.map(line)])].join('\n'),
  };
}

function byKind({ mutants }: Mutants): string {
  const rows = mutationKinds.map((kind) => {
    const of = mutants.filter((m) => m.kind === kind);
    const count = (outcome: Mutant['outcome']) => `${of.filter((m) => m.outcome === outcome).length}`;
    return [kind, `${of.length}`, count('killed'), count('equivalent'), count('survived')];
  });
  return table(['fault', 'mutants', 'killed', 'equivalent', 'survived'], rows, [1, 2, 3, 4]);
}

function line(m: Mutant): string {
  const at = m.location.resolve();
  const where = at === undefined ? '' : `${relative('.', at.file)}:${at.line}:${at.column}  `;
  return `  ${where}${describe(m)}`;
}
