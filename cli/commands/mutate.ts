/** `popscan mutate`: single faults in a unit, each of which the unit's own vectors must find. */
import { pace } from '../../sim/pace.ts';
import { mutateUnit } from '../../verify/mutate.ts';
import { mutationUnits } from '../../verify/mutation-units.ts';
import type { Command } from '../command.ts';
import { mutationReport } from '../mutation-report.ts';
import { wholeNumber } from '../options.ts';

interface Args {
  readonly unit: string;
  readonly n: number;
  readonly seed: number;
}

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
    return mutationReport(result, count, session.interrupted());
  },
};
