import { convDim, inProjRows } from '../config.ts';
import type { Layer } from '../model.ts';
import { GoldenProblem } from '../problem.ts';
import { softplus } from './plain.ts';
import type { Session } from './session.ts';

/** What an observer is shown, in the order of the data. Names and contents are those of the traces (MODEL.md 6), and x, B, C besides. */
export type TapName =
  | 'residual_in'
  | 'norm_out'
  | 'in_proj_out'
  | 'conv_out'
  | 'x'
  | 'B'
  | 'C'
  | 'dt'
  | 'dA'
  | 'scan_out'
  | 'final_state'
  | 'gated_norm_out'
  | 'out_proj_out';

/** One intermediate of one layer over a span of tokens. */
export interface Tap {
  readonly name: TapName;
  readonly layer: number;
  /** Position of the span's first token in its sequence. */
  readonly position: number;
  readonly batch: number;
  /** Tokens of each sequence. 1 for final_state, which is shown once, after the span's last token. */
  readonly steps: number;
  /** Elements per token: heads for dt and dA; nHeads headDim dState for final_state. */
  readonly width: number;
  /** Element i of token t of sequence b: at `offset + (b steps + t) stride + i`. Changes after the call: copy what you keep. */
  readonly values: Float32Array;
  readonly offset: number;
  readonly stride: number;
}

export type Observer = (tap: Tap) => void;

/** Logits of consecutive tokens: [batch, steps, vocabSize], valid until the session runs again. */
export interface LogitsSpan {
  readonly position: number;
  readonly steps: number;
  readonly values: Float32Array;
}

export interface PrefillOptions {
  readonly observer?: Observer;
  /** Shown the logits of every token, span by span. Without it only the last token's are computed. */
  readonly logits?: (span: LogitsSpan) => void;
}

/**
 * Runs one token of each sequence. Returns its logits [batch, vocabSize], valid until the session runs again.
 * Errors: `token-out-of-range`.
 */
export function step(session: Session, tokens: ArrayLike<number>, observer?: Observer): Float32Array {
  const sequences = Array.from(tokens, (token) => [token]);
  return prefill(session, sequences, observer ? { observer } : {});
}

/**
 * Runs sequences of any equal length, one for each of the batch. Returns the logits after the last token, [batch, vocabSize], valid until
 * the session runs again. Errors: `token-out-of-range`, `usage` (sequences of different number or length).
 */
export function prefill(
  session: Session,
  sequences: readonly ArrayLike<number>[],
  options: PrefillOptions = {},
): Float32Array {
  const { batch, chunk, model, work, state } = session;
  const length = sequences[0]?.length ?? 0;
  checkTokens(session, sequences, length);
  let steps = 0;
  for (let first = 0; first < length; first += steps) {
    steps = Math.min(chunk, length - first);
    runSpan(session, sequences, first, steps, options.observer);
    if (options.logits !== undefined) {
      projectLogits(session, batch * steps);
      const values = work.logits.subarray(0, batch * steps * model.config.vocabSize);
      options.logits({ position: state.position - steps, steps, values });
    }
  }
  return lastLogits(session, steps);
}

function checkTokens({ batch, model }: Session, sequences: readonly ArrayLike<number>[], length: number): void {
  if (sequences.length !== batch || length === 0 || sequences.some((sequence) => sequence.length !== length)) {
    throw new GoldenProblem({
      id: 'usage',
      what: 'the sequences do not fit the session',
      where: 'prefill or step',
      expected: `${batch} sequences of equal length, at least one token each`,
      found: `${sequences.length} of lengths ${sequences.map((sequence) => sequence.length).join(', ')}`,
      remedy: 'create a session with this batch, or give as many tokens for each sequence',
    });
  }
  for (const sequence of sequences) {
    for (let i = 0; i < length; i++) {
      const token = sequence[i]!;
      if (Number.isInteger(token) && token >= 0 && token < model.config.vocabSize) continue;
      throw new GoldenProblem({
        id: 'token-out-of-range',
        what: 'a token is not in the vocabulary',
        where: `position ${i}`,
        expected: `0 to ${model.config.vocabSize - 1}`,
        found: String(token),
        remedy: 'use the text encoding that the model was trained with',
      });
    }
  }
}

/** Takes tokens first...first + steps of every sequence through all layers; leaves the residual stream in `work.residual`. */
function runSpan(
  session: Session,
  sequences: readonly ArrayLike<number>[],
  first: number,
  steps: number,
  observer: Observer | undefined,
): void {
  const { model, work, state } = session;
  const { dModel } = model.config;
  sequences.forEach((sequence, b) => {
    for (let t = 0; t < steps; t++) {
      const token = sequence[first + t]!;
      work.residual.set(model.embedding.subarray(token * dModel, (token + 1) * dModel), (b * steps + t) * dModel);
    }
  });
  model.layers.forEach((layer, index) => {
    runLayer(session, layer, index, steps, observer);
  });
  state.position += steps;
}

/** residual += mixer(norm(residual)), MODEL.md 1, steps 1 to 6. */
function runLayer(session: Session, layer: Layer, index: number, steps: number, observer: Observer | undefined): void {
  const { kernels, work, state, batch, model } = session;
  const { dModel, dInner, dState, nHeads, headDim, nGroups, dConv, normEps } = model.config;
  const channels = convDim(model.config);
  const stride = inProjRows(model.config);
  const rows = batch * steps;
  const groupWidth = nGroups * dState;
  const show = (name: TapName, values: Float32Array, width: number, offset = 0, tapStride = width) =>
    observer?.({
      name,
      layer: index,
      position: state.position,
      batch,
      steps,
      width,
      values,
      offset,
      stride: tapStride,
    });

  show('residual_in', work.residual, dModel);
  kernels.rmsNorm(work.residual, layer.norm, work.u, rows, normEps);
  show('norm_out', work.u, dModel);

  kernels.project(layer.inProj, work.u, work.zxbcdt, rows);
  show('in_proj_out', work.zxbcdt, stride);

  kernels.convolve({
    input: work.zxbcdt,
    offset: dInner,
    stride,
    weight: layer.convWeight,
    bias: layer.convBias,
    history: state.conv[index]!,
    out: work.conv,
    channels,
    taps: dConv,
    batch,
    steps,
  });
  show('conv_out', work.conv, channels);
  kernels.silu(work.conv, work.xbc, rows * channels);
  show('x', work.xbc, dInner, 0, channels);
  show('B', work.xbc, groupWidth, dInner, channels);
  show('C', work.xbc, groupWidth, dInner + groupWidth, channels);

  discretize(session, layer, rows);
  show('dt', work.dt, nHeads);
  show('dA', work.da, nHeads);

  const ssm = state.ssm[index]!;
  const { xbc, dt, da, y } = work;
  kernels.scan({
    xbc,
    dt,
    da,
    d: layer.d,
    state: ssm,
    y,
    heads: nHeads,
    headDim,
    dState,
    groups: nGroups,
    batch,
    steps,
  });
  show('scan_out', y, dInner);
  const stateWidth = dInner * dState;
  observer?.({
    name: 'final_state',
    layer: index,
    position: state.position + steps - 1,
    batch,
    steps: 1,
    width: stateWidth,
    values: ssm,
    offset: 0,
    stride: stateWidth,
  });

  const { zxbcdt: zRows, v } = work;
  kernels.gatedNorm({ y, zRows, stride, weight: layer.gatedNorm, out: v, rows, groups: nGroups, eps: normEps });
  show('gated_norm_out', v, dInner);

  kernels.project(layer.outProj, v, work.projected, rows);
  show('out_proj_out', work.projected, dModel);
  for (let i = 0; i < rows * dModel; i++) work.residual[i]! += work.projected[i]!;
}

/** dt = softplus(dt + dt_bias), dA = exp(dt A), per token and head. */
function discretize({ work, model }: Session, layer: Layer, rows: number): void {
  const { nHeads } = model.config;
  const stride = inProjRows(model.config);
  for (let r = 0; r < rows; r++) {
    for (let h = 0; h < nHeads; h++) {
      const dt = softplus(work.zxbcdt[(r + 1) * stride - nHeads + h]! + layer.dtBias[h]!);
      work.dt[r * nHeads + h] = dt;
      work.da[r * nHeads + h] = Math.exp(dt * layer.a[h]!);
    }
  }
}

/** norm_f and head over the first `rows` rows of the residual stream. */
function projectLogits({ kernels, model, work, head }: Session, rows: number): void {
  kernels.rmsNorm(work.residual, model.normF, work.u, rows, model.config.normEps);
  kernels.project(head, work.u, work.logits, rows);
}

/** Moves the last token of every sequence to the front of the residual stream, and projects those only. */
function lastLogits(session: Session, steps: number): Float32Array {
  const { work, batch, model } = session;
  const { dModel, vocabSize } = model.config;
  for (let b = 0; b < batch; b++) {
    const last = (b + 1) * steps - 1;
    work.residual.copyWithin(b * dModel, last * dModel, (last + 1) * dModel);
  }
  projectLogits(session, batch);
  return work.logits.subarray(0, batch * vocabSize);
}
