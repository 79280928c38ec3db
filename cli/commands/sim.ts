/** `popscan sim`: units alone in our simulator, on real activations: cycles, what every stream does, and the waves of a run. */
import { meterStreams, openVcd, probesOf, type StreamUse, temporaryOf, type VcdWriter } from '../../sim/index.ts';
import type { Watch } from '../../verify/index.ts';
import { verifyModel } from '../../verify/index.ts';
import type { Command, Figure, Session } from '../command.ts';
import {
  type ModelArgs,
  modelOptions,
  type SizeArgs,
  sizeChoices,
  sizeOptions,
  wholeNumber,
  writableFile,
} from '../options.ts';
import { showNumber, table } from '../print.ts';
import { CommandProblem } from '../problem.ts';
import { verifyReport } from '../verify-report.ts';
import { refuseDense, type WorkArgs, workOf, workOptions } from '../work-options.ts';

interface Args extends ModelArgs, SizeArgs, WorkArgs {
  readonly stall: number;
  readonly vcd: string | undefined;
  readonly signals: readonly string[] | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

export const simCommand: Command<Args> = {
  command: 'sim',
  describe: "Simulate units on a model's activations, cycle by cycle: cycles, streams, waveforms",
  interruptible: true,
  builder: (y) =>
    workOptions(
      sizeOptions(
        modelOptions(
          y.usage(
            [
              'popscan sim --model DIR [--unit U] [--tokens N] [--stall P] [--vcd FILE]',
              '',
              'Runs units alone in the simulator on the activations of a model, compares what they give with the',
              'fixed-point golden model, and tells how long it took and which side of each stream waited for the',
              'other. `popscan verify` compares other engines with it.',
            ].join('\n'),
          ),
        ),
      ),
    )
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
    const work = workOf(a);
    const options = {
      ...a,
      ...work,
      choices: sizeChoices(a),
      stall: probability('--stall', a.stall),
      engines: ['sim'],
      how: 'auto',
      random: undefined,
      fault: undefined,
      wave: 'popscan-mismatch.vcd',
      progress,
      stopped: session.interrupted,
    } as const;
    const watch = watchRun(a, session);
    await refuseDense(a.model, work.units);
    let done = false;
    try {
      const report = verifyReport(await verifyModel({ ...options, watch: watch.begin }));
      done = true;
      return {
        ...report,
        figures: [...report.figures, ...watch.figures()],
        text: [report.text, streamTable(watch.streams()), ...watch.end(done)].join('\n\n'),
      };
    } finally {
      if (!done) watch.end(done);
    }
  },
};

/** Looks at the streams, the clock on the wall, and, where asked for, writes the waves. */
function watchRun(a: Args, { scratch }: Session) {
  const [from, to] = [a.from ?? 0, a.to ?? Number.MAX_SAFE_INTEGER].map((n, i) =>
    wholeNumber(i === 0 ? '--from' : '--to', n, 0),
  ) as [number, number];
  const patterns = a.signals?.flatMap((s) => s.split(',')).filter((s) => s !== '') ?? ['*'];
  const path = a.vcd === undefined ? undefined : writableFile('--vcd', a.vcd);
  let vcd: VcdWriter | undefined;
  let streams: () => StreamUse[] = () => [];
  let [cycles, written, start, end] = [0, 0, 0, 0];
  const begin: Watch = (simulator) => {
    const meter = meterStreams(simulator);
    streams = meter.result;
    if (path !== undefined) {
      const probes = probesOf(simulator, patterns);
      scratch.begin(temporaryOf(path), []);
      vcd = openVcd(path, probes);
    }
    return (cycle) => {
      if (cycles++ === 0) start = performance.now();
      meter.observe(cycle);
      if (vcd !== undefined && cycle >= from && cycle <= to) {
        vcd.sample(cycle);
        written++;
      }
      end = performance.now();
    };
  };
  return {
    begin,
    streams: () => streams(),
    figures: (): Figure[] => [
      {
        name: 'kcycles_per_second',
        value: end > start ? cycles / (end - start) : 0,
        unit: 'thousand clock cycles per second, test bench included',
        kind: 'measured',
      },
    ],
    /** Gives the file its name, or takes it away. */
    end: (done: boolean): string[] => {
      if (vcd === undefined) return [];
      if (done) vcd.close();
      else vcd.abandon();
      scratch.end(temporaryOf(path!));
      return [`wrote ${path}: ${showNumber(written)} cycles; popscan wave ${path} draws them`];
    },
  };
}

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

function streamTable(streams: readonly StreamUse[]): string {
  const rows = streams.map((s) => [
    s.stream,
    s.side,
    showNumber(s.beats),
    s.first === undefined ? '' : showNumber(s.first),
    s.last === undefined ? '' : showNumber(s.last),
    showNumber(s.held),
    showNumber(s.starved),
  ]);
  const head = ['stream', 'the unit', 'beats', 'first cycle', 'last cycle', 'valid, not ready', 'ready, not valid'];
  return table(head, rows, [2, 3, 4, 5, 6]);
}
