import {
  checkPrompt,
  checkSampling,
  createRunner,
  defaultNumerics,
  GoldenProblem,
  generate,
  loadModel,
  type ZeroChoice,
} from '../../golden/index.ts';
import { rangesFor } from '../calibration.ts';
import type { Command, Progress, Report } from '../command.ts';
import { idWords, readIds, readWords } from '../words.ts';

interface GenerateArgs {
  readonly model: string;
  readonly prompt: string | undefined;
  readonly ids: string | undefined;
  readonly tokens: number;
  readonly on: 'float' | 'fixed';
  readonly temperature: number;
  readonly 'top-k': number;
  readonly 'top-p': number;
  readonly seed: number;
  readonly calibration: string | undefined;
  readonly zeros: ZeroChoice;
}

/** Text as it comes, where the caller can show it. */
type Stream = (text: string) => void;

/** `popscan generate`: text from a model, to `stream` as it comes, and whole in the report. */
export const generateCommand = {
  command: 'generate',
  describe: 'Continue a text with a model, in floating point or in the integers of the hardware',
  builder: (y) =>
    y
      .option('model', {
        type: 'string',
        demandOption: true,
        describe: 'directory with config.json and the checkpoint',
      })
      .option('prompt', {
        type: 'string',
        describe: 'text to continue (byte-level models, or with a tokenizer.json beside the checkpoint)',
      })
      .option('ids', { type: 'string', describe: 'tokens to continue, separated by commas; the result is tokens too' })
      .option('tokens', { type: 'number', default: 200, describe: 'how many tokens to add' })
      .option('on', { choices: ['float', 'fixed'] as const, default: 'fixed' as const, describe: 'arithmetic' })
      .option('temperature', { type: 'number', default: 0, describe: '0: always the most likely token' })
      .option('top-k', { type: 'number', default: 0, describe: 'choose among this many most likely tokens; 0: all' })
      .option('top-p', { type: 'number', default: 1, describe: 'choose among tokens of this total probability' })
      .option('seed', { type: 'number', default: 1, describe: 'of the choice' })
      .option('calibration', { type: 'string', describe: 'ranges written by `popscan calibrate`' })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'how to read latent weights that are exactly zero',
      }),
  async run(
    args: GenerateArgs,
    progress: Progress,
    { stream }: { readonly stream: Stream | undefined },
  ): Promise<Report> {
    if ((args.prompt === undefined) === (args.ids === undefined))
      throw usage('generate needs a prompt', '--prompt TEXT or --ids 1,2,3', 'neither, or both');
    const ids = args.ids === undefined ? undefined : readIds(args.ids);
    const sampling = { temperature: args.temperature, topK: args['top-k'], topP: args['top-p'], seed: args.seed };
    checkSampling(sampling);
    checkCount(args.tokens);
    const model = await loadModel(args.model, { zeros: args.zeros, progress });
    const words = ids === undefined ? await readWords(args.model, model.config.vocabSize) : idWords;
    const prompt = ids ?? words.encode(args.prompt!);
    checkPrompt(prompt, model.config.vocabSize);
    const fixed =
      args.on === 'fixed'
        ? { numerics: defaultNumerics, calibration: await rangesFor(args, model, progress) }
        : undefined;
    const runner = createRunner({ model, fixed });
    const decode = words.decoder();
    let text = args.prompt ?? args.ids!;
    const say = (piece: string) => {
      text += piece;
      if (stream !== undefined) stream(piece);
      else progress(text.slice(-60).replaceAll('\n', ' '));
    };
    if (stream !== undefined) stream(text);
    const started = performance.now();
    const made = generate(runner, prompt, args.tokens, sampling, (token) => say(decode(token)));
    say(decode());
    if (stream !== undefined) stream('\n\n');
    const seconds = (performance.now() - started) / 1000;
    const clamped = Object.values(runner.clamped()).reduce((sum, n) => sum + n, 0);
    return {
      figures: [
        { name: 'tokens', value: made.length, unit: 'tokens', kind: 'measured' },
        {
          name: 'tokens_per_second',
          value: (prompt.length + made.length) / seconds,
          unit: 'tokens/s',
          kind: 'measured',
        },
        { name: 'clamped', value: clamped, unit: 'results', kind: 'measured' },
      ],
      checks: [],
      skipped: [],
      tools: {},
      made: text,
    };
  },
} satisfies Command<GenerateArgs>;

function checkCount(tokens: number): void {
  if (Number.isSafeInteger(tokens) && tokens >= 1) return;
  throw usage('--tokens has an impossible value', 'a whole number from 1 on', String(tokens));
}

function usage(what: string, expected: string, found: string): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what,
    where: 'command line',
    expected,
    found,
    remedy: 'see popscan generate --help',
  });
}
