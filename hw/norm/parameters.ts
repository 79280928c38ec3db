/** What is fixed when a norm and quantizer is elaborated, its ports, and the widths that follow. */
import { bit, bitsFor, output, sink, sint, source, uint } from '../../gen/index.ts';
import { biasBits, type Numerics } from '../../golden/fixed/index.ts';
import { type Bounds, checkBounds } from '../problem.ts';

export interface NormParameters {
  /** P: values per cycle. */
  readonly lanes: number;
  /** Bits of a value: of the residual stream, or of y silu(z). */
  readonly inputBits: number;
  /** Most beats of a tile, tiles of a group, groups of a vector, and values of a vector. */
  readonly maxTileWords: number;
  readonly maxTiles: number;
  readonly maxGroups: number;
  readonly maxColumns: number;
  /** Largest shift of a tile that the matmul array takes. */
  readonly maxShift: number;
  readonly numerics: Pick<Numerics, 'matmul' | 'norm'>;
}

export interface NormWidths {
  /** weight x, where no weight is -2^(weightBits - 1). */
  readonly product: number;
  /** Of a tile: q counts 2^exponent units of weight x. */
  readonly exponent: number;
  /** sum bias x. */
  readonly dot: number;
  /** The bias term as the array takes it. */
  readonly bias: number;
  readonly shift: number;
  readonly count: number;
}

const bounds: Bounds = {
  lanes: [1, 64],
  inputBits: [2, 24],
  maxTileWords: [1, 2 ** 16],
  maxTiles: [1, 2 ** 16],
  maxGroups: [1, 2 ** 12],
  maxColumns: [1, 2 ** 17],
  maxShift: [0, 32],
};

/** A product is so many bits longer than an activation at least, since the quantizer shifts by the exponent of a tile in two steps. */
const leastExponent = 8;

/** The widths; throws a `HardwareProblem` for parameters outside their range. */
export function normWidths(p: NormParameters): NormWidths {
  checkBounds('norm', p, bounds);
  checkBounds('norm', p.numerics.matmul, { activationBits: [2, 16], resultFraction: [0, 32] }, 'numerics.matmul.');
  const leastWeight = Math.max(2, p.numerics.matmul.activationBits + leastExponent + 1 - p.inputBits);
  checkBounds('norm', p.numerics.norm, { weightBits: [leastWeight, 32], biasWeightBits: [2, 32] }, 'numerics.norm.');
  const { weightBits, biasWeightBits } = p.numerics.norm;
  const product = p.inputBits + weightBits - 1;
  return {
    product,
    exponent: bitsFor(BigInt(product - p.numerics.matmul.activationBits)),
    dot: p.inputBits + biasWeightBits - 1 + bitsFor(BigInt(p.maxColumns)),
    bias: biasBits(p.maxColumns, p.numerics.matmul),
    shift: bitsFor(BigInt(p.maxShift)),
    count: bitsFor(BigInt(p.lanes)),
  };
}

/** The bias term may be as many bits finer than sum bias x. */
export const biasRefinement = 16;
/** 1/rms times 2^-shift, where shift counts from the unit of the array's results. */
export const scaleShape = { mantissa: uint(18), shift: sint(8) };

export const normTokenShape = (p: NormParameters) => {
  const w = normWidths(p);
  return {
    tile_words: uint(bitsFor(BigInt(p.maxTileWords))),
    tiles: uint(bitsFor(BigInt(p.maxTiles))),
    groups: uint(bitsFor(BigInt(p.maxGroups))),
    floor: uint(w.exponent),
    epsilon: uint(64),
    bias_shift: uint(7),
    bias_bits: uint(bitsFor(BigInt(w.bias))),
  };
};

export const normInterface = (p: NormParameters) => {
  const w = normWidths(p);
  const { weightBits, biasWeightBits } = p.numerics.norm;
  const { activationBits, resultFraction } = p.numerics.matmul;
  return {
    token: sink(
      normTokenShape(p),
      `one vector: beats of a tile, tiles of a group, groups; smallest exponent; eps in units of x^2; the bias term is sum bias x / 2^(bias_shift + top - ${biasRefinement}), saturated to bias_bits`,
    ),
    in: sink(
      { values: uint(p.lanes * p.inputBits), count: uint(w.count) },
      `${p.lanes} values of ${p.inputBits} bits, the first in the low bits; count: how many count`,
    ),
    weight: sink(
      { scale: uint(p.lanes * weightBits), bias: uint(p.lanes * biasWeightBits) },
      `of the same values: norm weight x wscale x sqrt(width), ${weightBits} bits each, at least -(2^${weightBits - 1} - 1); norm weight x wbias x sqrt(width), ${biasWeightBits} bits each`,
    ),
    out: source(
      {
        values: uint(p.lanes * activationBits),
        shift: uint(w.shift),
        count: uint(w.count),
        end: bit,
        last: bit,
      },
      `${p.lanes} activations of ${activationBits} bits, 0 beyond count; shift: of their tile; end: of a group; last: of the vector`,
    ),
    sums: source(
      { round: uint(w.shift), bias: sint(w.bias) },
      `of a group: the largest shift of its tiles, and the bias term in units of 2^-${resultFraction} of that tile's`,
    ),
    scale: source(
      scaleShape,
      'of a group: 1/rms = mantissa 2^(-16 - shift) in the unit of the array, by which its results are to be multiplied',
    ),
    saturations: output({ bias: uint(32) }, 'values clamped since reset, modulo 2^32, by format'),
  };
};
export type NormInterface = ReturnType<typeof normInterface>;
