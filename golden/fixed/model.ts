/** A model in integers: every weight in its format, every static unit chosen. What the hardware's memories will hold. */
import { convDim, type ModelConfig } from '../config.ts';
import type { Layer, Model } from '../model.ts';
import { GoldenProblem } from '../problem.ts';
import type { DenseProjection } from '../projection.ts';
import { exponentFor, largest } from './arithmetic.ts';
import type { Calibration, LayerRanges } from './calibration.ts';
import type { FixedConvolution } from './convolution.ts';
import type { Numerics } from './numerics.ts';
import { type Mantissas, mantissas, planeRow, quantizeRows } from './planes.ts';
import { type FixedProjection, fixProjection } from './projection.ts';
import type { ScanHead, ScanShape } from './scan.ts';
import { chooseUnits, type ScanRanges, type ScanUnits } from './scan-formats.ts';
import { rowUnits } from './scan-rows.ts';
import { FUNCTION_FRACTION } from './tables.ts';

export interface FixedModel {
  readonly config: ModelConfig;
  readonly numerics: Numerics;
  readonly shape: ScanShape;
  readonly embedding: FixedEmbedding;
  readonly layers: readonly FixedLayer[];
  /** norm_f and head. */
  readonly head: FixedProjection;
  /** The residual stream counts 2^residualUnit. */
  readonly residualUnit: number;
}

/** Rows of integers with a scale each. */
export interface FixedEmbedding {
  /** [vocabSize, dModel] */
  readonly weights: Int8Array | Int16Array;
  readonly scales: Mantissas;
}

/** Units as exponents of two; formats are those of `Numerics`. */
export interface FixedLayer {
  readonly inProj: FixedProjection;
  readonly zUnit: number;
  readonly xbcUnit: number;
  readonly dtUnit: number;
  readonly convolution: FixedConvolution;
  readonly convUnit: number;
  /** [heads], FUNCTION_FRACTION fraction bits. */
  readonly dtBias: Int32Array;
  /** |A| log2 e per head. */
  readonly rate: Mantissas;
  readonly scanUnits: ScanUnits;
  /** D and the shifts of each head. */
  readonly heads: readonly Omit<ScanHead, 'decay' | 'dt'>[];
  readonly gateUnit: number;
  readonly gatedUnit: number;
  readonly outProj: FixedProjection;
}

/** Twice the calibrated range is kept representable. */
const MARGIN = 2;

/** A model whose layers come one at a time, so that they need not all be held. */
export type Streamed<M extends { readonly layers: readonly unknown[] }> = Omit<M, 'layers'> & {
  readonly layers: Iterable<M['layers'][number]>;
};

/** Converts a model. Static units hold `MARGIN` times the calibrated ranges. Errors: `scale-tile`. */
export function fixModel(model: Model, calibration: Calibration, n: Numerics): FixedModel {
  const streamed = streamModel(model, calibration, n);
  return { ...streamed, layers: [...streamed.layers] };
}

/** `fixModel`, converting each layer when it is asked for. */
export function streamModel(model: Streamed<Model>, calibration: Calibration, n: Numerics): Streamed<FixedModel> {
  const { config } = model;
  const { nHeads: heads, headDim, dState, nGroups: groups, vocabSize, dModel } = config;
  checkTile(config, n);
  const residualUnit = exponentFor(MARGIN * calibration.residual, n.residualBits);
  const rows = (weights: Float32Array): DenseProjection => ({
    kind: 'dense',
    rows: vocabSize,
    cols: dModel,
    weights: weights.subarray(0, vocabSize * dModel),
  });
  return {
    config,
    numerics: n,
    shape: { heads, headDim, dState, groups },
    embedding: fixEmbedding(rows(model.embedding), n),
    layers: fixLayers(model, calibration, residualUnit, n),
    head: fixProjection(
      {
        projection: rows(model.head),
        norm: model.normF,
        groups: 1,
        tile: dModel,
        inputBits: n.residualBits,
        inputUnit: residualUnit,
        activationBits: n.head.activationBits,
        denseBits: n.head.weightBits,
        eps: config.normEps,
      },
      n,
    ),
    residualUnit,
  };
}

function* fixLayers(
  { config, layers }: Streamed<Model>,
  calibration: Calibration,
  residualUnit: number,
  n: Numerics,
): Iterable<FixedLayer> {
  let i = 0;
  for (const layer of layers) yield fixLayer(config, layer, calibration.layers[i++]!, residualUnit, n);
}

const tileOf = ({ headDim }: ModelConfig, { norm }: Numerics): number =>
  norm.scaleTile === 'headdim' ? headDim : norm.scaleTile;

/** Columns that share an exponent must fill each group of out_proj's input. */
function checkTile(config: ModelConfig, n: Numerics): void {
  const tile = tileOf(config, n);
  const width = config.dInner / config.nGroups;
  if (Number.isInteger(tile) && tile >= 1 && width % tile === 0) return;
  throw new GoldenProblem({
    id: 'scale-tile',
    what: `scaleTile = ${tile} does not divide the columns of out_proj that share a norm`,
    where: 'number formats, norm.scaleTile',
    expected: `a divisor of d_inner / groups = ${width}`,
    found: String(tile),
    remedy: "choose such a divisor, or 'headdim'",
  });
}

function fixEmbedding({ weights, rows, cols }: DenseProjection, n: Numerics): FixedEmbedding {
  const matrix = quantizeRows(weights, rows, cols, n.head.weightBits);
  const integers = new (n.head.weightBits > 8 ? Int16Array : Int8Array)(rows * cols);
  const row = new Int32Array(cols);
  for (let o = 0; o < rows; o++) integers.set(planeRow(matrix, o, row), o * cols);
  return { weights: integers, scales: mantissas(matrix.scales, n.norm.rowScaleBits) };
}

/** A unit for `bits` bits that holds the range and is no finer than the tables' arguments. */
const functionUnit = (range: number, bits: number): number =>
  Math.max(-FUNCTION_FRACTION, exponentFor(MARGIN * range, bits));

function fixLayer(
  config: ModelConfig,
  layer: Layer,
  ranges: LayerRanges,
  residualUnit: number,
  n: Numerics,
): FixedLayer {
  const { dModel, nGroups, normEps: eps } = config;
  const { mixer } = n;
  const common = { activationBits: n.matmul.activationBits, denseBits: n.denseBits, eps };
  const gatedUnit = exponentFor(MARGIN * ranges.gated, mixer.gatedBits);
  const xbcUnit = exponentFor(MARGIN * ranges.xbc, mixer.projectedBits);
  const convUnit = functionUnit(ranges.conv, mixer.convBits);
  const scanUnits = unitsOfScan(ranges, layer.d, n);
  return {
    inProj: fixProjection(
      {
        ...common,
        projection: layer.inProj,
        norm: layer.norm,
        groups: 1,
        tile: dModel,
        inputBits: n.residualBits,
        inputUnit: residualUnit,
      },
      n,
    ),
    zUnit: functionUnit(ranges.z, mixer.projectedBits),
    xbcUnit,
    dtUnit: functionUnit(ranges.dt, mixer.projectedBits),
    convolution: fixConvolution(config, layer, xbcUnit, convUnit, n),
    convUnit,
    dtBias: Int32Array.from(layer.dtBias, (v) => Math.floor(v * 2 ** FUNCTION_FRACTION + 0.5)),
    rate: mantissas(
      layer.a.map((a) => -a * Math.LOG2E),
      mixer.rateBits,
    ),
    scanUnits,
    heads: constantHeads(scanUnits, layer.d, n),
    gateUnit: functionUnit(ranges.z, mixer.gateBits),
    gatedUnit,
    outProj: fixProjection(
      {
        ...common,
        projection: layer.outProj,
        norm: layer.gatedNorm,
        groups: nGroups,
        tile: tileOf(config, n),
        inputBits: mixer.gatedBits,
        inputUnit: gatedUnit,
      },
      n,
    ),
  };
}

function fixConvolution(config: ModelConfig, layer: Layer, from: number, to: number, n: Numerics): FixedConvolution {
  const weight = mantissas(layer.convWeight, n.mixer.convWeightBits);
  const unit = from + weight.unit;
  return {
    channels: convDim(config),
    taps: config.dConv,
    weight: weight.values,
    bias: Int32Array.from(layer.convBias, (v) => Math.floor(v * 2 ** -unit + 0.5)),
    shift: to - unit,
  };
}

/** Units of x, B, C, S and y; x, B and C are no finer than SiLU's result. */
function unitsOfScan(ranges: LayerRanges, d: Float32Array, n: Numerics): ScanUnits {
  const least = (largest(n.scan.inputBits) * 2 ** -FUNCTION_FRACTION) / MARGIN;
  const held: ScanRanges = {
    ...ranges,
    x: Math.max(ranges.x, least),
    b: Math.max(ranges.b, least),
    c: Math.max(ranges.c, least),
    // Calibration looks at the state between spans of tokens only, and a long text goes on growing it. S' has bits to spare.
    state: ranges.state.map((s) => (n.state.kind === 'row' ? 8 : 2) * s),
  };
  const units = chooseUnits(held, d, n.scan);
  return n.state.kind === 'head' ? units : rowUnits(held, units, d, n.scan, n.state);
}

function constantHeads(units: ScanUnits, d: Float32Array, n: Numerics): Omit<ScanHead, 'decay' | 'dt'>[] {
  const f = n.scan;
  const shift = (by: number): number => Math.min(2 ** f.shiftBits - 1, by);
  // With a unit per head dt x meets a S before its decayFraction is shifted out, with row exponents after.
  const below = n.state.kind === 'head' ? f.decayFraction : 0;
  const direct = mantissaOf(d, units.y - units.x - f.directFraction);
  return units.state.map((state, h) => ({
    direct: direct[h]!,
    stepShift: shift(state - below - units.b - units.x + f.dtFraction),
    outputShift: shift(units.y - units.c - state),
  }));
}

const mantissaOf = (values: Float32Array, unit: number): number[] =>
  Array.from(values, (v) => Math.floor(v * 2 ** -unit + 0.5));
