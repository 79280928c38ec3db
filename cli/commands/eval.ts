import {
  bitsPerByte,
  CALIBRATION_OFFSET,
  CALIBRATION_WINDOW,
  CALIBRATION_WINDOWS,
  comparePrecisions,
  compareTrace,
  createSimdKernels,
  defaultNumerics,
  type Evaluation,
  type FixedChoice,
  GoldenProblem,
  type LayerNoise,
  LOGIT_BOUND,
  loadModel,
  type Model,
  type PrecisionComparison,
  readWindows,
  signalToNoise,
  VARIANTS,
  variant,
  type ZeroChoice,
} from '../../golden/index.ts';
import { pace } from '../../sim/pace.ts';
import { rangesFor } from '../calibration.ts';
import type { Check, Command, Figure, Report } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { type Bar, writePlot } from '../plot.ts';
import { table } from '../print.ts';
import { unfinished } from '../unfinished.ts';

interface EvalArgs {
  readonly model: string;
  readonly text: string | undefined;
  readonly trace: string | undefined;
  readonly precision: 'float' | 'fixed';
  readonly calibration: string | undefined;
  readonly format: string | undefined;
  readonly sweep: string | undefined;
  readonly plot: string | undefined;
  readonly window: number;
  readonly windows: number | undefined;
  readonly threads: number | undefined;
  readonly zeros: ZeroChoice;
}

/** Fixed point may differ from float by this part of its bits per byte. */
const RELATIVE_BOUND = 0.002;

/** `popscan eval`: bits per byte of a text in floating or fixed point, or a comparison with a trace. */
export const evalCommand: Command<EvalArgs> = {
  command: 'eval',
  describe: 'Measure a model on text (bits per byte), or against a trace of another implementation',
  builder: (y) =>
    y
      .option('model', {
        type: 'string',
        demandOption: true,
        describe: 'directory with config.json and the checkpoint',
      })
      .option('text', { type: 'string', describe: 'text to measure bits per byte on' })
      .option('trace', { type: 'string', describe: 'safetensors file of input_ids, logits and layer intermediates' })
      .option('precision', {
        choices: ['float', 'fixed'] as const,
        default: 'float' as const,
        describe: 'arithmetic; fixed compares the integers of the hardware with float',
      })
      .option('calibration', {
        type: 'string',
        describe: 'static ranges for --precision fixed, written by `popscan calibrate` (default: the bundled text)',
      })
      .option('format', { type: 'string', describe: `number formats that differ from the default: ${formatNames()}` })
      .option('sweep', {
        type: 'string',
        describe: 'print what each value of these formats costs, such as activation_bits,state_format',
      })
      .option('plot', { type: 'string', describe: 'with --sweep: also draw it, as an SVG file' })
      .option('window', {
        type: 'number',
        default: 1024,
        describe: 'bytes per window; the state is cleared before each',
      })
      .option('windows', { type: 'number', describe: 'how many windows (default: all whole ones)' })
      .option('threads', { type: 'number', describe: 'threads (default: as many as there are cores)' })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'how to read latent weights that are exactly zero',
      }),
  interruptible: true,
  async run(args, progress, { interrupted }) {
    if ((args.text === undefined) === (args.trace === undefined)) throw oneOf();
    if (args.plot !== undefined && args.sweep === undefined) throw plotNeedsSweep();
    if (args.threads !== undefined) wholeNumber('--threads', args.threads, 1, 64);
    const integers = args.precision === 'fixed' || args.sweep !== undefined;
    for (const name of ['format', 'calibration'] as const)
      if (args[name] !== undefined && !integers) throw fixedOnly(name, args[name]);
    const model = await loadModel(args.model, { zeros: args.zeros, progress });
    if (args.trace !== undefined) return evalTrace(model, args.trace);
    const { window, windows } = args;
    const text = await readWindows(args.text!, { window, ...(windows === undefined ? {} : { windows }) });
    const share = (what: string) => {
      const rate = pace('windows', text.length);
      return {
        ...(args.threads === undefined ? {} : { threads: args.threads }),
        progress: (done: number) => progress(`${what}: ${rate(done)}`),
        stopped: interrupted,
      };
    };
    const evaluate = (what: string, fixed?: FixedChoice) =>
      bitsPerByte(model, text, { ...share(what), ...(fixed === undefined ? {} : { fixed }) });
    if (!integers) return evalFloat(args, text.length, evaluate);
    const numerics = (args.format?.split(',') ?? []).reduce(
      (n, choice) => variant(n, choice.split('=')[0]!, choice.split('=')[1] ?? ''),
      defaultNumerics,
    );
    const calibration = await rangesFor(args, model, progress);
    if (args.sweep !== undefined)
      return evalSweep(args.sweep, args.plot, { numerics, calibration }, evaluate, interrupted);
    const fixed = { calibration, numerics };
    const result = await comparePrecisions(model, text, fixed, share('float and fixed'));
    progress('signal to noise');
    const noise = signalToNoise(model, fixed, text[0]!.subarray(0, NOISE_BYTES));
    return fixedReport(args, text.length, result, noise);
  },
};

type Evaluate = (what: string, fixed?: FixedChoice) => Promise<Evaluation>;

function formatNames(): string {
  return Object.entries(VARIANTS)
    .map(([name, values]) => `${name}=${Object.keys(values).join('|')}`)
    .join(', ');
}

const describeText = ({ model, text, window }: EvalArgs) =>
  `${model} on ${text}: windows of ${window} bytes, state cleared before each, every byte but the first predicted`;

const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  return [await work(), (performance.now() - started) / 1000];
}

const finished = (windows: number, all: number): Check[] => unfinished('all windows were evaluated', windows, all);

async function evalFloat(args: EvalArgs, windows: number, evaluate: Evaluate): Promise<Report> {
  const [result, seconds] = await timed(() => evaluate('float'));
  return {
    figures: [
      figure('bits_per_byte', result.bitsPerByte, 'bits'),
      figure('predicted_bytes', result.predicted, 'bytes'),
      figure('windows', result.windows, 'windows'),
      figure('seconds', seconds, 's'),
    ],
    checks: finished(result.windows, windows),
    skipped: [],
    tools: {},
    text: describeText(args),
  };
}

/** Bytes of the first window over which signal to noise is taken: the plain specification, which shows intermediates, is slow. */
const NOISE_BYTES = 128;

function fixedReport(
  args: EvalArgs,
  windows: number,
  result: PrecisionComparison,
  noise: readonly LayerNoise[],
): Report {
  const difference = Math.abs(result.fixed - result.float) / result.float;
  const clamped = Object.entries(result.clamped);
  const from =
    args.calibration === undefined
      ? `the bundled text (kjv-val, ${CALIBRATION_WINDOWS} windows of ${CALIBRATION_WINDOW} from byte ${CALIBRATION_OFFSET})`
      : args.calibration;
  const checks: Check[] = [
    {
      name: 'fixed within 0.2 % of float',
      ok: difference <= RELATIVE_BOUND,
      detail: `${(100 * difference).toFixed(3)} % of ${result.float.toFixed(5)} bits per byte`,
    },
    {
      name: 'every result fits its format',
      ok: clamped.length === 0,
      detail: clamped.length === 0 ? 'nothing clamped' : clamped.map(([name, n]) => `${name}: ${n}`).join(', '),
    },
    ...finished(result.windows, windows),
  ];
  return {
    figures: [
      figure('float.bits_per_byte', result.float, 'bits'),
      figure('fixed.bits_per_byte', result.fixed, 'bits'),
      figure('relative_difference', difference, 'of float'),
      figure('float.perplexity', 2 ** result.float, 'bytes'),
      figure('fixed.perplexity', 2 ** result.fixed, 'bytes'),
      figure('max_logit_error', result.maxLogitError, 'logits'),
      figure('greedy_agreement', result.agreement, 'of all bytes'),
      figure('clamped', sumOf(result.clamped), 'results'),
      figure('predicted_bytes', result.predicted, 'bytes'),
      figure('windows', result.windows, 'windows'),
      figure('float.seconds', result.floatSeconds, 's'),
      figure('fixed.seconds', result.fixedSeconds, 's'),
    ],
    checks,
    skipped: [],
    tools: {},
    text: [
      describeText(args),
      `ranges calibrated on ${from}${args.format === undefined ? '' : `; formats: ${args.format}`}`,
      '',
      noiseTable(noise),
    ].join('\n'),
  };
}

const sumOf = (clamped: Readonly<Record<string, number>>) => Object.values(clamped).reduce((sum, n) => sum + n, 0);

function noiseTable(noise: readonly LayerNoise[]): string {
  const names = ['residual_in', 'scan_out', 'out_proj_out'] as const;
  const rows = noise.map((layer, i) => [String(i), ...names.map((name) => layer[name].toFixed(1))]);
  const head = [`signal to noise, dB, first ${NOISE_BYTES} bytes: layer`, ...names];
  return table(head, rows, [1, 2, 3]);
}

/** Every value of the named formats, one changed at a time. Those that were not evaluated on the whole text are left out. */
async function evalSweep(
  names: string,
  plot: string | undefined,
  base: FixedChoice,
  evaluate: Evaluate,
  interrupted: () => boolean,
): Promise<Report> {
  const choices = names.split(',').flatMap((name) => {
    const values = Object.keys((VARIANTS as Record<string, object>)[name] ?? { '': 0 });
    return values.map((value) => ({ name, value }));
  });
  const bars: Bar[] = [];
  const float = await evaluate('float');
  const figures: Figure[] = interrupted() ? [] : [figure('float.bits_per_byte', float.bitsPerByte, 'bits')];
  const rows: string[][] = [];
  for (const { name, value } of choices) {
    if (interrupted()) break;
    const result = await evaluate(`${name} ${value}`, { ...base, numerics: variant(base.numerics, name, value) });
    if (interrupted()) break;
    const change = result.bitsPerByte / float.bitsPerByte - 1;
    const clamped = sumOf(result.clamped);
    bars.push({ group: name, name: value, value: change });
    figures.push(figure(`${name}.${value.replaceAll('-', '_')}.bits_per_byte`, result.bitsPerByte, 'bits'));
    rows.push([
      ...[name, value, result.bitsPerByte.toFixed(5)],
      ...[`${(100 * change).toFixed(3)} %`, bar(change), String(clamped)],
    ]);
  }
  const checks = unfinished('all formats were evaluated', rows.length, choices.length);
  if (plot !== undefined && checks.length === 0)
    await writePlot(plot, 'change of bits per byte against floating point', bars);
  const head = ['format', 'value', 'bits per byte', 'against float', 'logarithmic, 0.01 % to 100 %', 'clamped'];
  return { figures, checks, skipped: [], tools: {}, text: table(head, rows, [2, 3, 5]) };
}

/** Four characters per factor of ten above 0.01 %. */
const bar = (change: number) => '#'.repeat(Math.max(0, Math.round(4 * Math.log10(Math.max(change, 1e-9) / 1e-4))));

async function evalTrace(model: Model, path: string): Promise<Report> {
  const { tokens, maxLogitError, tensors, notCompared } = await compareTrace(model, path, createSimdKernels());
  return {
    figures: [
      { name: 'max_logit_error', value: maxLogitError, unit: 'logits', kind: 'measured' },
      { name: 'tokens', value: tokens, unit: 'tokens', kind: 'measured' },
    ],
    checks: tensors.map(({ name, ok, maxError, maxReference }) => ({
      name: `${name} = trace`,
      ok,
      detail:
        name === 'logits'
          ? `max error ${maxError.toExponential(2)}, bound ${LOGIT_BOUND}`
          : `max error ${maxError.toExponential(2)}, bound 1e-3 of ${maxReference.toPrecision(4)}`,
    })),
    skipped: [],
    tools: {},
    text: notCompared.length === 0 ? '' : `in the trace, but not computed here: ${notCompared.join(', ')}`,
  };
}

function oneOf(): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: 'eval needs either a text or a trace',
    where: 'command line',
    expected: '--text FILE or --trace FILE',
    found: 'neither, or both',
    remedy: 'give one of the two',
  });
}

function fixedOnly(option: string, value: string): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: `--${option} says how to compute in fixed point, and floating point was asked for`,
    where: 'command line',
    expected: '--precision fixed, or --sweep',
    found: `--${option} ${value}`,
    remedy: `add --precision fixed, or leave --${option} out`,
  });
}

function plotNeedsSweep(): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: '--plot draws a sweep, and none was asked for',
    where: 'command line',
    expected: '--sweep with the names of formats',
    found: '--plot alone',
    remedy: 'add --sweep, such as --sweep activation_bits,state_format',
  });
}
