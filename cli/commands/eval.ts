import {
  bitsPerByte,
  compareTrace,
  createSimdKernels,
  GoldenProblem,
  LOGIT_BOUND,
  loadModel,
  type Model,
  readWindows,
  type ZeroChoice,
} from '../../golden/index.ts';
import type { Command, Progress, Report } from '../command.ts';

interface EvalArgs {
  readonly model: string;
  readonly text: string | undefined;
  readonly trace: string | undefined;
  readonly precision: 'float';
  readonly window: number;
  readonly windows: number | undefined;
  readonly threads: number | undefined;
  readonly zeros: ZeroChoice;
}

/** `popscan eval`: bits per byte of a text, or a comparison with a trace. */
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
      .option('precision', { choices: ['float'] as const, default: 'float' as const, describe: 'arithmetic' })
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
  async run(args, progress) {
    if ((args.text === undefined) === (args.trace === undefined)) throw oneOf();
    const model = await loadModel(args.model, { zeros: args.zeros, progress });
    return args.trace === undefined ? evalText(model, args, progress) : evalTrace(model, args.trace);
  },
};

async function evalText(model: Model, args: EvalArgs, progress: Progress): Promise<Report> {
  const { window, windows, threads } = args;
  const text = await readWindows(args.text!, { window, ...(windows === undefined ? {} : { windows }) });
  const started = performance.now();
  const result = await bitsPerByte(model, text, {
    ...(threads === undefined ? {} : { threads }),
    progress: (done, total) => progress(`window ${done} of ${total}`),
  });
  const seconds = (performance.now() - started) / 1000;
  return {
    figures: [
      { name: 'bits_per_byte', value: result.bitsPerByte, unit: 'bits', kind: 'measured' },
      { name: 'predicted_bytes', value: result.predicted, unit: 'bytes', kind: 'measured' },
      { name: 'windows', value: result.windows, unit: 'windows', kind: 'measured' },
      { name: 'seconds', value: seconds, unit: 's', kind: 'measured' },
    ],
    checks: [],
    skipped: [],
    tools: {},
    text: `${args.model} on ${args.text}: windows of ${window} bytes, state cleared before each, every byte but the first predicted`,
  };
}

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
    remedy: 'Give one of the two.',
  });
}
