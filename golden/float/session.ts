import { convDim, inProjRows, type ModelConfig } from '../config.ts';
import type { Model } from '../model.ts';
import type { DenseProjection } from '../projection.ts';
import type { Kernels } from './kernels.ts';
import { plainKernels } from './plain.ts';

export interface SessionOptions {
  /** Sequences that run side by side; default 1. */
  readonly batch?: number;
  /** Tokens of each sequence that `prefill` takes through a layer at once; default 64. Results do not depend on it beyond rounding. */
  readonly chunk?: number;
  /** The arithmetic; default the plain TypeScript reference. */
  readonly kernels?: Kernels;
}

/** A model that is running: the state of `batch` sequences, and the working storage of one span of tokens. */
export interface Session {
  readonly model: Model;
  readonly batch: number;
  readonly chunk: number;
  readonly kernels: Kernels;
  readonly head: DenseProjection;
  readonly state: State;
  readonly work: Work;
}

/** What a sequence carries from token to token. */
export interface State {
  /** Tokens seen since the state was cleared. */
  position: number;
  /** Per layer [batch, dConv - 1, convDim]: the last inputs of the convolution, oldest first. */
  readonly conv: readonly Float32Array[];
  /** Per layer [batch, nHeads, headDim, dState]: S. */
  readonly ssm: readonly Float32Array[];
}

/** Intermediates of one span, [batch * chunk] rows each. */
export interface Work {
  readonly residual: Float32Array;
  /** dModel: normalised input of in_proj; also out_proj's output and the last norm's. */
  readonly u: Float32Array;
  /** z, x, B, C, dt before anything else. */
  readonly zxbcdt: Float32Array;
  /** x, B, C after the convolution, before SiLU. */
  readonly conv: Float32Array;
  /** x, B, C after SiLU. */
  readonly xbc: Float32Array;
  /** softplus(dt + bias), per head. */
  readonly dt: Float32Array;
  /** exp(dt A), per head. */
  readonly da: Float32Array;
  readonly y: Float32Array;
  readonly v: Float32Array;
  readonly projected: Float32Array;
  readonly logits: Float32Array;
}

/** Starts a model with cleared state. */
export function createSession(model: Model, options: SessionOptions = {}): Session {
  const { batch = 1, chunk = 64, kernels = plainKernels } = options;
  const placed = kernels.place(model);
  const { config } = placed;
  return {
    model: placed,
    batch,
    chunk,
    kernels,
    head: headOf(placed),
    state: createState(config, batch, kernels),
    work: createWork(config, batch * chunk, kernels),
  };
}

/** The rows of the head that are real tokens, as a projection. */
function headOf({ head, config }: Model): DenseProjection {
  const weights = head.subarray(0, config.vocabSize * config.dModel);
  return { kind: 'dense', rows: config.vocabSize, cols: config.dModel, weights };
}

function createState(config: ModelConfig, batch: number, kernels: Kernels): State {
  const perLayer = (count: number) => Array.from({ length: config.nLayer }, () => kernels.floats(count));
  return {
    position: 0,
    conv: perLayer(batch * (config.dConv - 1) * convDim(config)),
    ssm: perLayer(batch * config.dInner * config.dState),
  };
}

function createWork(config: ModelConfig, rows: number, { floats }: Kernels): Work {
  return {
    residual: floats(rows * config.dModel),
    u: floats(rows * config.dModel),
    zxbcdt: floats(rows * inProjRows(config)),
    conv: floats(rows * convDim(config)),
    xbc: floats(rows * convDim(config)),
    dt: floats(rows * config.nHeads),
    da: floats(rows * config.nHeads),
    y: floats(rows * config.dInner),
    v: floats(rows * config.dInner),
    projected: floats(rows * config.dModel),
    logits: floats(rows * config.vocabSize),
  };
}

/** A copy of the state that later steps do not touch. */
export function saveState({ state }: Session): State {
  const copy = (arrays: readonly Float32Array[]) => arrays.map((array) => Float32Array.from(array));
  return { position: state.position, conv: copy(state.conv), ssm: copy(state.ssm) };
}

/** Continues from a saved state of the same model and batch. */
export function restoreState({ state }: Session, saved: State): void {
  state.position = saved.position;
  state.conv.forEach((array, i) => {
    array.set(saved.conv[i]!);
  });
  state.ssm.forEach((array, i) => {
    array.set(saved.ssm[i]!);
  });
}

/** Forgets everything seen: all states zero. */
export function resetState({ state }: Session): void {
  state.position = 0;
  for (const array of [...state.conv, ...state.ssm]) array.fill(0);
}
