/** One token through a model in integers: the specification of the hardware's results (MODEL.md 1, steps 1 to 6). */
import { GoldenProblem } from '../problem.ts';
import { roundShift, saturate } from './arithmetic.ts';
import { convolveToken } from './convolution.ts';
import { activate, gateOutput, stepSize } from './mixer.ts';
import type { FixedLayer, FixedModel } from './model.ts';
import { tokenKey } from './noise.ts';
import { type Clamped, count, multiply, quantizeInput } from './projection.ts';
import { type Saturations, type ScanHead, scanToken } from './scan.ts';
import { scanTokenRows } from './scan-rows.ts';
import type { FixedLayerState, FixedSession } from './session.ts';

/** An intermediate: real value = values[i] 2^unit. Names are those of the float model's taps. */
export interface FixedTap {
  readonly layer: number;
  readonly name:
    | 'residual_in'
    | 'z'
    | 'xbc'
    | 'conv_out'
    | 'x'
    | 'B'
    | 'C'
    | 'dt'
    | 'dA'
    | 'scan_out'
    | 'gated'
    | 'out_proj_out';
  readonly values: ArrayLike<number>;
  readonly unit: number;
}
export type FixedObserver = (tap: FixedTap) => void;

/**
 * Runs one token. Returns its logits as integers with `head.logitFraction` fraction bits, [vocabSize].
 * Errors: `token-out-of-range`.
 */
export function stepFixed(session: FixedSession, token: number, observer?: FixedObserver): Int32Array {
  const { model, state, clamped } = session;
  const { numerics, layers } = model;
  const residual = embed(model, token, clamped);
  layers.forEach((layer, index) => {
    observer?.({ layer: index, name: 'residual_in', values: residual, unit: model.residualUnit });
    const key = tokenKey(state.seed, index, state.tokens);
    const mixed = mix(model, layer, index, residual, state.layers[index]!, key, clamped, observer);
    for (let i = 0; i < residual.length; i++) {
      const wide = residual[i]! + mixed[i]!;
      residual[i] = count(clamped, 'residual', wide, saturate(wide, numerics.residualBits));
    }
  });
  state.tokens++;
  return project(model, residual, clamped);
}

function checkToken(token: number, vocabSize: number): void {
  if (Number.isInteger(token) && token >= 0 && token < vocabSize) return;
  throw new GoldenProblem({
    id: 'token-out-of-range',
    what: 'a token is not in the vocabulary',
    where: 'fixed-point model',
    expected: `0 to ${vocabSize - 1}`,
    found: String(token),
    remedy: 'use the text encoding that the model was trained with',
  });
}

/** round(weights[token] scale[token]) in the residual stream's unit. Errors: `token-out-of-range`. */
export function embed(
  model: Pick<FixedModel, 'config' | 'embedding' | 'residualUnit' | 'numerics'>,
  token: number,
  clamped: Clamped,
): Int32Array {
  const { config, embedding, residualUnit, numerics } = model;
  checkToken(token, config.vocabSize);
  const scale = embedding.scales.values[token]!;
  return Int32Array.from({ length: config.dModel }, (_, i) => {
    const wide = roundShift(
      embedding.weights[token * config.dModel + i]! * scale,
      residualUnit - embedding.scales.unit,
    );
    return count(clamped, 'residual', wide, saturate(wide, numerics.residualBits));
  });
}

/** The mixer of one layer, norm included: out_proj's result in the residual stream's unit, before the addition. */
function mix(
  model: FixedModel,
  layer: FixedLayer,
  index: number,
  residual: Int32Array,
  state: FixedLayerState,
  key: number,
  clamped: Clamped,
  observer?: FixedObserver,
): Float64Array {
  const { config, numerics } = model;
  const { dInner, nHeads, nGroups, dState } = config;
  const { mixer, scan } = numerics;
  const show = (name: FixedTap['name'], values: ArrayLike<number>, unit: number) =>
    observer?.({ layer: index, name, values, unit });
  const limit = (name: string, wide: number, bits: number) => count(clamped, name, wide, saturate(wide, bits));

  const projected = multiply(layer.inProj, quantizeInput(layer.inProj, residual, clamped));
  const outputs = (name: string, from: number, length: number, unit: number) =>
    Int32Array.from({ length }, (_, i) => limit(name, projected(from + i, unit), mixer.projectedBits));
  const channels = layer.convolution.channels;
  const z = outputs('z', 0, dInner, layer.zUnit);
  const xbc = outputs('xbc', dInner, channels, layer.xbcUnit);
  const dtRaw = outputs('dt_in', dInner + channels, nHeads, layer.dtUnit);
  show('z', z, layer.zUnit);
  show('xbc', xbc, layer.xbcUnit);

  const conv = convolveToken(layer.convolution, xbc, state.conv).map((v) => limit('conv', v, mixer.convBits));
  show('conv_out', conv, layer.convUnit);
  const units = layer.scanUnits;
  const activated = (name: 'x' | 'B' | 'C', from: number, length: number, unit: number) => {
    const values = Int32Array.from({ length }, (_, i) =>
      limit(name, activate(conv[from + i]!, layer.convUnit, unit), scan.inputBits),
    );
    show(name, values, unit);
    return values;
  };
  const x = activated('x', 0, dInner, units.x);
  const b = activated('B', dInner, nGroups * dState, units.b);
  const c = activated('C', dInner + nGroups * dState, nGroups * dState, units.c);
  const heads = layer.heads.map(
    (head, h): ScanHead => ({ ...head, ...discretize(layer, h, dtRaw[h]!, model, clamped) }),
  );
  show(
    'dt',
    heads.map((head) => head.dt),
    -scan.dtFraction,
  );
  show(
    'dA',
    heads.map((head) => head.decay),
    -scan.decayFraction,
  );

  const saturations: Saturations = { step: 0, state: 0, output: 0 };
  const input = { heads, x, b, c };
  const y =
    state.scan instanceof Int32Array || numerics.state.kind === 'head'
      ? scanToken(model.shape, input, state.scan as Int32Array, scan, saturations)
      : scanTokenRows(model.shape, input, state.scan, key, scan, numerics.state, saturations);
  for (const [name, clamps] of Object.entries(saturations))
    if (clamps > 0) clamped[name] = (clamped[name] ?? 0) + clamps;
  show('scan_out', y, units.y);

  const shift = layer.gatedUnit - units.y - layer.gateUnit;
  const gated = y.map((v, i) => {
    const gate = limit('gate', activate(z[i]!, layer.zUnit, layer.gateUnit), mixer.gateBits);
    const { wide, kept } = gateOutput(v, gate, shift, mixer.gatedBits);
    return count(clamped, 'gated', wide, kept);
  });
  show('gated', gated, layer.gatedUnit);

  const product = multiply(layer.outProj, quantizeInput(layer.outProj, gated, clamped));
  const out = Float64Array.from({ length: config.dModel }, (_, i) => product(i, model.residualUnit));
  show('out_proj_out', out, model.residualUnit);
  return out;
}

/** `stepSize` of head h; a dt that does not fit is counted. */
function discretize(
  layer: FixedLayer,
  h: number,
  raw: number,
  { numerics }: FixedModel,
  clamped: Clamped,
): Pick<ScanHead, 'dt' | 'decay'> {
  const { dtFraction, dtBits } = numerics.scan;
  const { values, unit: rateUnit } = layer.rate;
  const bias = layer.dtBias[h]!;
  const { dt, wide, decay } = stepSize(raw, {
    unit: layer.dtUnit,
    bias,
    rate: values[h]!,
    rateUnit,
    dtFraction,
    dtBits,
  });
  return { dt: count(clamped, 'dt', wide, dt), decay };
}

/** norm_f and head. */
function project(model: FixedModel, residual: Int32Array, clamped: Clamped): Int32Array {
  const { head, numerics } = model;
  const { logitBits, logitFraction } = numerics.head;
  const product = multiply(head, quantizeInput(head, residual, clamped));
  return Int32Array.from({ length: head.matrix.rows }, (_, o) => {
    const wide = product(o, -logitFraction);
    return count(clamped, 'logits', wide, saturate(wide, logitBits));
  });
}
