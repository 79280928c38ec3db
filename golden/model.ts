import { join } from 'node:path';
import { convDim, inProjRows, type ModelConfig } from './config.ts';
import { excerpt, GoldenProblem, shapeText } from './problem.ts';
import { type Projection, readProjection, type ZeroChoice } from './projection.ts';
import { openCheckpoint } from './read/checkpoint.ts';
import { readConfig } from './read/config.ts';
import { checkShape, findTensor, readFloats, type TensorInfo, type TensorSource } from './read/tensors.ts';

/** The weights of one block: RMSNorm and mixer (MODEL.md 1). All vectors are float32. */
export interface Layer {
  /** [dModel] weight of the RMSNorm before the mixer. */
  readonly norm: Float32Array;
  /** dModel -> z, x, B, C, dt. */
  readonly inProj: Projection;
  /** [convDim, dConv], the oldest tap first. */
  readonly convWeight: Float32Array;
  /** [convDim]; zeros where the model has none. */
  readonly convBias: Float32Array;
  /** [nHeads], added to dt before softplus. */
  readonly dtBias: Float32Array;
  /** [nHeads], A = -exp(A_log), negative. */
  readonly a: Float32Array;
  /** [nHeads], weight of the direct path x -> y. */
  readonly d: Float32Array;
  /** [dInner] weight of the gated RMSNorm. */
  readonly gatedNorm: Float32Array;
  /** dInner -> dModel. */
  readonly outProj: Projection;
}

/** A language model: weights only, nothing that changes while it runs. */
export interface Model {
  readonly config: ModelConfig;
  /** [paddedVocabSize or vocabSize, dModel] */
  readonly embedding: Float32Array;
  readonly layers: readonly Layer[];
  /** [dModel] weight of the last RMSNorm. */
  readonly normF: Float32Array;
  /** [vocabSize or more, dModel]: the embedding itself where they are tied. Only the first vocabSize rows count. */
  readonly head: Float32Array;
}

export interface LoadOptions {
  /** What to do with latent weights that are exactly zero; default 'refuse'. */
  readonly zeros?: ZeroChoice;
  /** Told about every layer read. */
  readonly progress?: (line: string) => void;
}

/**
 * Loads config.json and the checkpoint beside it. Shapes are checked against the config before a tensor is read; tensors are read one at a
 * time, and binarized weights are packed to one bit each while reading. Tensors the architecture does not have are refused by name, because
 * they belong to parts that would be left out. Errors: all of golden's reading problems (`GoldenProblem`).
 */
export async function loadModel(dir: string, options: LoadOptions = {}): Promise<Model> {
  const config = await readConfig(join(dir, 'config.json'));
  const source = await openCheckpoint(dir);
  try {
    refuseExtras(source, config);
    const name = source.tensors.has(HF_EMBEDDING) ? HF_EMBEDDING : EMBEDDING;
    const embedding = await readVocabMatrix(source, name, config);
    const layers: Layer[] = [];
    for (let i = 0; i < config.nLayer; i++) {
      layers.push(await readLayer(source, config, i, options.zeros ?? 'refuse'));
      options.progress?.(`layer ${i + 1} of ${config.nLayer}`);
    }
    const normF = await readVector(source, 'backbone.norm_f.weight', [config.dModel], 'd_model');
    const head = await readHead(source, config, embedding);
    return { config, embedding, layers, normF, head };
  } finally {
    await source.close();
  }
}

async function readLayer(source: TensorSource, config: ModelConfig, index: number, zeros: ZeroChoice): Promise<Layer> {
  const { dModel, dInner, nHeads, dConv } = config;
  const layer = `backbone.layers.${index}.`;
  const mixer = `${layer}mixer.`;
  const channels = convDim(config);
  const vector = (name: string, length: number, why: string) => readVector(source, name, [length], why);
  return {
    norm: await vector(`${layer}norm.weight`, dModel, 'd_model'),
    inProj: await readProjection(source, `${mixer}in_proj`, inProjRows(config), dModel, zeros),
    convWeight: await readVector(source, `${mixer}conv1d.weight`, [channels, 1, dConv], 'channels, 1, d_conv'),
    convBias: config.convBias ? await vector(`${mixer}conv1d.bias`, channels, 'channels') : new Float32Array(channels),
    dtBias: await vector(`${mixer}dt_bias`, nHeads, 'heads'),
    a: source.tensors.has(`${mixer}A`)
      ? await vector(`${mixer}A`, nHeads, 'heads')
      : decayRates(source.where, `${mixer}A_log`, await vector(`${mixer}A_log`, nHeads, 'heads')),
    d: await vector(`${mixer}D`, nHeads, 'heads'),
    gatedNorm: await vector(`${mixer}norm.weight`, dInner, 'd_inner'),
    outProj: await readProjection(source, `${mixer}out_proj`, dModel, dInner, zeros),
  };
}

/** A = -exp(A_log). Errors: `weight-not-finite`, where that is no float32. */
function decayRates(where: string, name: string, logs: Float32Array): Float32Array {
  const rates = logs.map((value) => -Math.exp(value));
  const wrong = rates.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return rates;
  throw new GoldenProblem({
    id: 'weight-not-finite',
    what: `exp of tensor ${name} is not a finite float32`,
    where: `${where}, index ${shapeText([wrong])}`,
    expected: 'values below 88.7',
    found: String(logs[wrong]),
    remedy: 'the checkpoint is damaged or its training diverged: use another one',
  });
}

async function readVector(source: TensorSource, name: string, shape: number[], why: string): Promise<Float32Array> {
  const info = findTensor(source, name);
  checkShape(source, info, shape, why);
  return readFloats(source, info);
}

/** The embedding or the head: one row per token, with or without the padded rows. */
async function readVocabMatrix(source: TensorSource, name: string, config: ModelConfig): Promise<Float32Array> {
  return readFloats(source, findVocabMatrix(source, name, config));
}

function findVocabMatrix(source: TensorSource, name: string, config: ModelConfig): TensorInfo {
  const info = findTensor(source, name);
  const { vocabSize, paddedVocabSize, dModel } = config;
  const unpadded = info.shape[0] === vocabSize && info.shape.length === 2;
  checkShape(source, info, [unpadded ? vocabSize : paddedVocabSize, dModel], 'vocabulary, d_model');
  return info;
}

const HEAD = 'lm_head.weight';
const EMBEDDING = 'backbone.embedding.weight';
/** The one name that differs in Hugging Face's Mamba-2. */
const HF_EMBEDDING = 'backbone.embeddings.weight';

/** A tied head may be stored twice, or once; stored twice it must be the embedding. */
async function readHead(source: TensorSource, config: ModelConfig, embedding: Float32Array): Promise<Float32Array> {
  if (!config.tieEmbeddings) return readVocabMatrix(source, HEAD, config);
  if (!source.tensors.has(HEAD)) return embedding;
  const head = await readFloats(source, findVocabMatrix(source, HEAD, config));
  const used = config.vocabSize * config.dModel;
  const differs = head.subarray(0, used).findIndex((value, i) => value !== embedding[i]);
  if (differs < 0) return embedding;
  throw new GoldenProblem({
    id: 'head-not-tied',
    what: `the config says that ${HEAD} is the embedding, and the checkpoint holds another one`,
    where: `${source.where}, index ${shapeText([Math.floor(differs / config.dModel), differs % config.dModel])}`,
    expected: `${embedding[differs]}, as in backbone.embedding.weight`,
    found: String(head[differs]),
    remedy: 'set "tie_embeddings": false in config.json if the model was trained with a head of its own',
  });
}

const TOP_NAMES = [EMBEDDING, HF_EMBEDDING, 'backbone.norm_f.weight', HEAD];
const LAYER_NAME =
  /^backbone\.layers\.(0|[1-9]\d*)\.(norm\.weight|mixer\.(conv1d\.weight|conv1d\.bias|dt_bias|A_log|A|D|norm\.weight|(in_proj|out_proj)\.(weight|signs|wscale|wbias)))$/;

/** Names that tell what else a checkpoint is. */
const SIGNS_OF_OTHERS: readonly (readonly [RegExp, string])[] = [
  [/mixer\.(x_proj|dt_proj)\./, 'Mamba-1 layers'],
  [/\.(norm2|mlp)\./, 'MLP layers'],
  [/(Wqkv|q_proj|k_proj|v_proj|attn)\./, 'attention layers'],
  [/(in_proj|out_proj)\.bias$/, 'biases on in_proj and out_proj'],
];

function refuseExtras(source: TensorSource, config: ModelConfig): void {
  for (const name of source.tensors.keys()) {
    const match = LAYER_NAME.exec(name);
    const twice = name === EMBEDDING && source.tensors.has(HF_EMBEDDING);
    const known = match ? Number(match[1]) < config.nLayer : TOP_NAMES.includes(name) && !twice;
    if (known && (config.convBias || match?.[2] !== 'mixer.conv1d.bias')) continue;
    const sign = SIGNS_OF_OTHERS.find(([pattern]) => pattern.test(name));
    throw new GoldenProblem({
      id: 'tensor-unexpected',
      what:
        sign === undefined
          ? `the checkpoint holds a tensor that this architecture does not have: ${excerpt(name)}`
          : `the checkpoint holds ${sign[1]}, which this architecture does not have`,
      where: source.where,
      expected: `the tensors of a Mamba-2 or Bi-Mamba model with ${config.nLayer} layers`,
      found: excerpt(name),
      remedy: 'check that config.json belongs to this checkpoint; other architectures are not supported',
    });
  }
}

/**
 * What a model's projections ask of the array: results scaled by row (pattern row, and dense ones), and weights of so many planes, `denseBits` where
 * they are not binary.
 */
export function projectionForm({ layers }: Model, denseBits: number): { rowScales: boolean; planes: number } {
  const all = layers.flatMap((l) => [l.inProj, l.outProj]);
  const dense = all.some((p) => p.kind === 'dense');
  return {
    rowScales: dense || all.some((p) => p.kind === 'binary' && p.pattern === 'row'),
    planes: dense ? denseBits : 1,
  };
}
