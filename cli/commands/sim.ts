/** `popscan sim`: units alone in our simulator, on real activations: cycles, what every stream does, and the waves of a run. */
import { verifyModel } from '../../verify/index.ts';
import type { Command } from '../command.ts';
import { CommandProblem } from '../problem.ts';
import { verifyReport } from '../verify-report.ts';
import { streamTable, type WaveArgs, watchRun } from '../watch-run.ts';
import { type WorkArgs, workOf, workOptions } from '../work-options.ts';

interface Args extends WorkArgs, WaveArgs {
  readonly stall: number;
}

export const simCommand: Command<Args> = {
  command: 'sim',
  describe: "Simulate units on a model's activations, cycle by cycle: cycles, streams, waveforms",
  interruptible: true,
  builder: (y) =>
    workOptions(y, [
      'popscan sim --model DIR [--unit U] [--tokens N] [--stall P] [--vcd FILE]',
      '',
      'Runs units alone in the simulator on the activations of a model, compares what they give with the',
      'fixed-point golden model, and tells how long it took and which side of each stream waited for the',
      'other. `popscan verify` compares other engines with it, and tells where a wrong result comes from.',
    ])
      .option('stall', {
        group: 'Work:',
        type: 'number',
        default: 0,
        describe: 'probability that a stream outside the units pauses, in every cycle; up to 0.9',
      })
      .option('vcd', { group: 'Waveform:', type: 'string', describe: 'write the waves of the run to this file' })
      .option('signals', {
        group: 'Waveform:',
        type: 'string',
        array: true,
        describe:
          'of these: paths or ends of paths, * for anything, separated by commas; default: all that have a name',
      })
      .option('from', { group: 'Waveform:', type: 'number', describe: 'first cycle; default: the first' })
      .option('to', { group: 'Waveform:', type: 'number', describe: 'last cycle; default: the last' })
      .example('popscan sim --model models/nano --unit scan --tokens 4', '')
      .example("popscan sim --model models/nano --unit scan --tokens 2 --vcd scan.vcd --signals 'scan.y_*,core.*'", '')
      .example('popscan wave scan.vcd --from 40', '') as never,
  run: async (a, progress, session) => {
    const stall = probability('--stall', a.stall);
    const watch = watchRun(a, session.scratch);
    const options = {
      ...a,
      ...(await workOf(a)),
      stall,
      engines: ['sim'],
      how: 'auto',
      random: undefined,
      fault: undefined,
      wave: undefined,
      watch: watch.begin,
      progress,
      stopped: session.interrupted,
    } as const;
    try {
      const report = verifyReport(await verifyModel(options));
      const streams = watch.streams();
      return {
        ...report,
        streams,
        figures: [...report.figures, watch.speed()],
        text: [report.text, streamTable(streams), ...watch.close()].join('\n\n'),
      };
    } catch (error) {
      watch.abandon();
      throw error;
    }
  },
};

function probability(option: string, value: number): number {
  if (value >= 0 && value <= 0.9) return value;
  throw new CommandProblem({
    id: 'option-range',
    what: `${option} is out of range`,
    where: `${option} ${value}`,
    expected: 'a number from 0 to 0.9',
    found: `${value}`,
    remedy: `give ${option} such a number, or leave it out for its default`,
  });
}
