/**
 * The number formats of the hardware, as data: golden's contracts compute in them, and the designs in hw/ take their
 * widths from them. A format with `bits` and no `fraction` is an integer times 2^e, where e is chosen per use (from the
 * data for activations, by calibration for everything static) and travels beside the integers. docs/numerics.md says what each costs.
 */
export interface Numerics {
  readonly matmul: MatmulNumerics;
  readonly scan: ScanNumerics;
  readonly state: StateFormat;
  readonly norm: NormNumerics;
  readonly mixer: MixerNumerics;
  readonly head: HeadNumerics;
  /** The residual stream: two's complement, one unit for the model. */
  readonly residualBits: number;
  /** Bits of a weight of a projection that is not binary (dense checkpoints): two's complement, one scale per row. */
  readonly denseBits: number;
}

export interface MatmulNumerics {
  /** A: two's complement bits of an activation that enters a binary projection. */
  readonly activationBits: number;
  /** Bits below the activation's unit in the bias and in the result. */
  readonly resultFraction: number;
}

export interface ScanNumerics {
  /** State S with one unit per head (`StateFormat` head): two's complement, unit 2^e per head. */
  readonly stateBits: number;
  /** Decay a = exp(dt A) in 0..1: unsigned, one integer bit, so that 1 is exact. */
  readonly decayFraction: number;
  /** Step size dt: unsigned, `dtBits` bits of which `dtFraction` below the point. */
  readonly dtBits: number;
  readonly dtFraction: number;
  /** x, B and C: two's complement, one unit per layer each. */
  readonly inputBits: number;
  /** dt x after its shift to the unit in which dt x B lines up with a S: two's complement. */
  readonly stepBits: number;
  /** D: two's complement; D x is divided by 2^directFraction to line up with y. */
  readonly directBits: number;
  readonly directFraction: number;
  /** y: two's complement, one unit per layer. */
  readonly outputBits: number;
  /** Width of a shift amount. */
  readonly shiftBits: number;
}

/**
 * How the state is kept from token to token: `head` as `ScanNumerics.stateBits` with one static unit per head, rounded to nearest
 * (scan.ts); `row` as `bits` with one exponent per row of d_state elements, chosen anew by every token (scan-rows.ts).
 */
export type StateFormat = { readonly kind: 'head' } | RowState;

export interface RowState {
  readonly kind: 'row';
  readonly bits: number;
  /** S before rounding: two's complement without its lowest value, static unit per head, which is the finest unit of a row. */
  readonly workBits: number;
  /** dt x: mantissa bits with sign, one exponent per row and token. */
  readonly stepBits: number;
  readonly rounding: 'stochastic' | 'nearest';
  /** Seed of the random source of stochastic rounding (noise.ts), 32 bits. */
  readonly seed: number;
}

export interface NormNumerics {
  /** norm.weight wscale sqrt(width): what multiplies a projection's input before quantization. One unit per projection. */
  readonly weightBits: number;
  /** norm.weight wbias sqrt(width): factors of the bias term, which meets the input unquantized. One unit per projection. */
  readonly biasWeightBits: number;
  /** Columns of out_proj that share an exponent: 'headdim', or a divisor of d_inner / G. (in_proj and head: one exponent per token.) */
  readonly scaleTile: 'headdim' | number;
  /** Exponents of out_proj's tiles reach this far below the largest that the product's format allows. */
  readonly tileSpread: number;
  /** Scales of outputs (pattern row, dense weights): mantissa bits with sign, one unit per projection. */
  readonly rowScaleBits: number;
}

export interface MixerNumerics {
  /** z, xBC and dt as in_proj delivers them: two's complement, one unit each per layer. */
  readonly projectedBits: number;
  /** Taps of the convolution: two's complement, one unit per layer. */
  readonly convWeightBits: number;
  /** Convolution's result before SiLU: two's complement, one unit per layer. */
  readonly convBits: number;
  /** |A| log2 e: mantissa bits with sign, one unit per layer. */
  readonly rateBits: number;
  /** silu(z): two's complement, one unit per layer. */
  readonly gateBits: number;
  /** v = y silu(z): two's complement, one unit per layer. */
  readonly gatedBits: number;
}

export interface HeadNumerics {
  /** Embedding and head: two's complement, one scale per row. */
  readonly weightBits: number;
  readonly activationBits: number;
  readonly logitBits: number;
  readonly logitFraction: number;
}

/** The formats of the hardware as it is generated without options. `scan.stateBits` takes effect with the state format `head`. */
export const defaultNumerics: Numerics = {
  matmul: { activationBits: 8, resultFraction: 6 },
  scan: {
    stateBits: 16,
    decayFraction: 16,
    dtBits: 24,
    dtFraction: 20,
    inputBits: 16,
    stepBits: 24,
    directBits: 18,
    directFraction: 8,
    outputBits: 24,
    shiftBits: 6,
  },
  state: { kind: 'row', bits: 8, workBits: 24, stepBits: 16, rounding: 'stochastic', seed: 1 },
  norm: { weightBits: 16, biasWeightBits: 16, scaleTile: 'headdim', tileSpread: 16, rowScaleBits: 16 },
  mixer: { projectedBits: 16, convWeightBits: 16, convBits: 16, rateBits: 20, gateBits: 16, gatedBits: 24 },
  head: { weightBits: 8, activationBits: 8, logitBits: 24, logitFraction: 16 },
  residualBits: 24,
  denseBits: 8,
};
