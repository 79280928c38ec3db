import { convDim, type ModelConfig } from './config.ts';
import type { Layer, Model } from './model.ts';
import type { Projection, ScalingPattern } from './projection.ts';

/** Parameters and storage of one kind of weight, over all layers. */
export interface PartSize {
  readonly name: string;
  readonly parameters: number;
  /** Bytes as the hardware needs them: one bit per binarized weight, 4 bytes (float32) for everything else. */
  readonly bytes: number;
  /** Smallest and largest value; of the latent weights for binarized projections. */
  readonly min: number;
  readonly max: number;
}

/** What a checkpoint holds. */
export interface Inspection {
  readonly config: ModelConfig;
  readonly parts: readonly PartSize[];
  /** All parameters, a tied head counted once. */
  readonly parameters: number;
  readonly bytes: number;
  /** Weights stored as one bit. */
  readonly binaryParameters: number;
  /** 'dense' for full-precision projections; several names when layers differ. */
  readonly patterns: readonly (ScalingPattern | 'dense')[];
  /** Latent weights of binarized projections that are exactly zero, and that are nearly (WeightStats). */
  readonly zeroWeights: number;
  readonly nearZeroWeights: number;
  /** Elements carried from token to token, over all layers: of S, and of the convolution. */
  readonly stateElements: number;
  readonly convStateElements: number;
  /** Settings and tensors that have no effect. */
  readonly notHonoured: readonly string[];
}

/** Describes a loaded model. */
export function describeModel(model: Model): Inspection {
  const { config, layers } = model;
  const parts = listParts(model);
  const projections = layers.flatMap(({ inProj, outProj }) => [inProj, outProj]);
  const binary = projections.filter(({ kind }) => kind === 'binary');
  const sum = <T>(items: readonly T[], value: (item: T) => number) =>
    items.reduce((total, item) => total + value(item), 0);
  return {
    config,
    parts,
    parameters: sum(parts, (part) => part.parameters),
    bytes: sum(parts, (part) => part.bytes),
    binaryParameters: sum(binary, ({ rows, cols }) => rows * cols),
    patterns: [...new Set(projections.map((one) => (one.kind === 'binary' ? one.pattern : 'dense')))],
    zeroWeights: sum(binary, ({ stats }) => stats?.zeros ?? 0),
    nearZeroWeights: sum(binary, ({ stats }) => stats?.nearZeros ?? 0),
    stateElements: config.nLayer * config.dInner * config.dState,
    convStateElements: config.nLayer * (config.dConv - 1) * convDim(config),
    notHonoured: config.notHonoured,
  };
}

function listParts(model: Model): PartSize[] {
  const { config, layers } = model;
  const vectors = (name: string, of: (layer: Layer) => readonly Float32Array[]) => sizeOf(name, layers.flatMap(of));
  const scales = (one: Projection) => (one.kind === 'binary' ? [one.wscale, one.wbias] : []);
  const parts = [
    sizeOf(config.tieEmbeddings ? 'embedding = lm_head' : 'embedding', [model.embedding]),
    projectionSize(
      'in_proj',
      layers.map((layer) => layer.inProj),
    ),
    projectionSize(
      'out_proj',
      layers.map((layer) => layer.outProj),
    ),
    vectors('wscale, wbias', (layer) => [layer.inProj, layer.outProj].flatMap(scales)),
    vectors('conv1d', (layer) => [layer.convWeight, layer.convBias]),
    vectors('dt_bias', (layer) => [layer.dtBias]),
    vectors('A', (layer) => [layer.a]),
    vectors('D', (layer) => [layer.d]),
    sizeOf('norms', [...layers.flatMap((layer) => [layer.norm, layer.gatedNorm]), model.normF]),
  ];
  if (model.head !== model.embedding) parts.push(sizeOf('lm_head', [model.head]));
  return parts.filter((part) => part.parameters > 0);
}

function sizeOf(name: string, arrays: readonly Float32Array[]): PartSize {
  let parameters = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const array of arrays) {
    parameters += array.length;
    for (const value of array) {
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return { name, parameters, bytes: 4 * parameters, min, max };
}

function projectionSize(name: string, projections: readonly Projection[]): PartSize {
  let parameters = 0;
  let bytes = 0;
  for (const { kind, rows, cols } of projections) {
    parameters += rows * cols;
    bytes += kind === 'binary' ? rows * Math.ceil(cols / 8) : 4 * rows * cols;
  }
  const stats = projections.flatMap((projection) => projection.stats ?? []);
  const min = Math.min(...stats.map((one) => one.min));
  const max = Math.max(...stats.map((one) => one.max));
  return { name, parameters, bytes, min, max };
}
