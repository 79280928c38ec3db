/**
 * The number formats of the hardware, as data: golden's contracts compute in them, and the designs in hw/ take their
 * widths from them. A format with `bits` and no `fraction` is an integer times 2^e, where e is chosen per use (from the
 * data for activations, by calibration for the scan) and travels beside the integers.
 */
export interface Numerics {
  readonly matmul: MatmulNumerics;
  readonly scan: ScanNumerics;
}

export interface MatmulNumerics {
  /** A: two's complement bits of an activation that enters a binary projection. */
  readonly activationBits: number;
  /** Bits below the activation's unit in the bias and in the result. */
  readonly resultFraction: number;
}

export interface ScanNumerics {
  /** State S: two's complement, unit 2^e per head. */
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

/** A8 activations and a 16-bit state: no measurable loss on the trained models (fake quantization, bits per byte). */
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
};

export const largest = (bits: number): number => 2 ** (bits - 1) - 1;
export const smallest = (bits: number): number => -(2 ** (bits - 1));

/** x / 2^n to the nearest integer, halves up. Exact while |x| < 2^52. */
export const roundShift = (x: number, n: number): number => Math.floor(x / 2 ** n + 0.5);

/** The nearest value that `bits` bits of two's complement hold. */
export const saturate = (x: number, bits: number): number => Math.min(largest(bits), Math.max(smallest(bits), x));

/** The smallest exponent e with |x| <= (2^(bits-1) - 1) 2^e for every |x| up to `magnitude`. */
export function exponentFor(magnitude: number, bits: number): number {
  if (magnitude === 0) return 0;
  let e = Math.ceil(Math.log2(magnitude / largest(bits)));
  while (magnitude > largest(bits) * 2 ** e) e++;
  while (magnitude <= largest(bits) * 2 ** (e - 1)) e--;
  return e;
}

/** A real number as an integer in units of 2^e, halves up, saturated. */
export const quantize = (x: number, e: number, bits: number): number => saturate(Math.floor(x * 2 ** -e + 0.5), bits);

export const maxAbs = (values: Iterable<number>): number => {
  let most = 0;
  for (const v of values) most = Math.max(most, Math.abs(v));
  return most;
};
