import { describeModel, type Inspection, loadModel, type ZeroChoice } from '../../golden/index.ts';
import type { Command, Figure } from '../command.ts';
import { table } from '../print.ts';

interface ModelArgs {
  readonly action: 'inspect';
  readonly dir: string;
  readonly zeros: ZeroChoice;
}

/** `popscan model inspect DIR`: what a checkpoint holds, and what of it would not be honoured. */
export const modelCommand: Command<ModelArgs> = {
  command: 'model <action> <dir>',
  describe: 'Look into a checkpoint',
  builder: (y) =>
    y
      .positional('action', { choices: ['inspect'] as const, demandOption: true, describe: 'what to do' })
      .positional('dir', {
        type: 'string',
        demandOption: true,
        describe: 'directory with config.json and the checkpoint',
      })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'how to read latent weights that are exactly zero',
      }),
  async run({ dir, zeros }, progress) {
    const inspection = describeModel(await loadModel(dir, { zeros, progress }));
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
        part.min.toPrecision(4),
        part.max.toPrecision(4),
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
