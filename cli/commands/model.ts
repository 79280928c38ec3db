import {
  describeModel,
  GoldenProblem,
  type Inspection,
  loadModel,
  packModel,
  type ZeroChoice,
} from '../../golden/index.ts';
import type { Command, Figure } from '../command.ts';
import { table } from '../print.ts';

interface ModelArgs {
  readonly action: 'inspect' | 'pack';
  readonly out: string | undefined;
  readonly dir: string;
  readonly zeros: ZeroChoice;
}

/** `popscan model inspect DIR`: what a checkpoint holds, and what of it would not be honoured; `pack`: its compact form. */
export const modelCommand: Command<ModelArgs> = {
  command: 'model <action> <dir>',
  describe: 'Look into a checkpoint, or write its compact form',
  builder: (y) =>
    y
      .positional('action', { choices: ['inspect', 'pack'] as const, demandOption: true, describe: 'what to do' })
      .positional('dir', {
        type: 'string',
        demandOption: true,
        describe: 'directory with config.json and the checkpoint',
      })
      .option('out', { type: 'string', describe: 'pack: directory to write' })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'how to read latent weights that are exactly zero',
      }),
  async run({ action, dir, out, zeros }, progress) {
    if (action === 'pack' && out === undefined) throw needsOut();
    const model = await loadModel(dir, { zeros, progress });
    if (out !== undefined && action === 'pack') {
      const { bytes } = await packModel(model, out);
      const packed = figures(describeModel(model)).slice(0, 2);
      const size = { name: 'packed_bytes', value: bytes, unit: 'bytes', kind: 'measured' } as const;
      return { figures: [...packed, size], checks: [], skipped: [], tools: {}, text: `${dir} packed into ${out}` };
    }
    const inspection = describeModel(model);
    return { figures: figures(inspection), checks: [], skipped: [], tools: {}, text: describe(dir, inspection) };
  },
};

function figures(inspection: Inspection): Figure[] {
  const { binaryParameters, zeroWeights, nearZeroWeights } = inspection;
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });
  const share = (count: number) => (binaryParameters === 0 ? 0 : count / binaryParameters);
  return [
    figure('parameters', inspection.parameters, 'weights'),
    figure('binary_parameters', binaryParameters, 'weights'),
    figure('weight_bytes', inspection.bytes, 'bytes'),
    figure('zero_weights', share(zeroWeights), 'share of binary weights'),
    figure('near_zero_weights', share(nearZeroWeights), 'share of binary weights'),
    figure('state_elements', inspection.stateElements, 'elements'),
    figure('conv_state_elements', inspection.convStateElements, 'elements'),
  ];
}

/** Packed models do not hold the latent weights whose range this would be. */
const extreme = (value: number) => (Number.isFinite(value) ? value.toPrecision(4) : 'not stored');

function describe(dir: string, inspection: Inspection): string {
  const { config, patterns, notHonoured, parts } = inspection;
  const kind = patterns.every((pattern) => pattern === 'dense') ? 'Mamba-2 in full precision' : 'Bi-Mamba';
  const head = config.tieEmbeddings ? 'tied to the embedding' : 'of its own';
  const lines = [
    `${dir}: ${kind}, ${config.nLayer} layers, d_model ${config.dModel}, d_inner ${config.dInner}`,
    `heads ${config.nHeads} of ${config.headDim}, d_state ${config.dState}, groups ${config.nGroups}, convolution ${config.dConv} taps`,
    `vocabulary ${config.vocabSize} (${config.paddedVocabSize} rows), head ${head}`,
    `scaling pattern of in_proj and out_proj: ${patterns.join(', ')}`,
    '',
    table(
      ['part', 'parameters', 'bytes', 'min', 'max'],
      parts.map((part) => [
        part.name,
        String(part.parameters),
        String(part.bytes),
        extreme(part.min),
        extreme(part.max),
      ]),
      [1, 2, 3, 4],
    ),
    '(bytes: one bit per binarized weight, float32 for the rest; ranges of binarized projections are those of the latent weights)',
    '',
    notHonoured.length === 0 ? 'everything in config.json is honoured' : 'not honoured:',
    ...notHonoured.map((remark) => `  ${remark}`),
  ];
  return lines.join('\n');
}

function needsOut(): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: 'model pack needs a directory to write',
    where: 'command line',
    expected: '--out DIR',
    found: 'none',
    remedy: 'give one that does not exist yet',
  });
}
