/**
 * The functions of the mixer and the norms as tables with linear interpolation. Arguments and results are integers. The errors are those
 * of the tables here; any other of the same argument and unit may take their place.
 */
import { bitLength, roundShift } from './arithmetic.ts';

/** Fraction bits of the arguments of softplus, silu and exp2, and of silu's result. */
export const FUNCTION_FRACTION = 16;
/** Fraction bits of softplus' result: those of dt. */
export const SOFTPLUS_FRACTION = 20;
/** Fraction bits of exp2's result: those of the decay. */
export const DECAY_FRACTION = 16;
/** Fraction bits of rsqrt's mantissa, which lies in (1, 2]. */
export const RSQRT_FRACTION = 16;

/** Samples of a function at equal distances; between them it is a straight line. */
export interface Table {
  readonly values: Int32Array;
  /** Bits of the argument below the index. */
  readonly stepBits: number;
}

const sample = (segments: number, stepBits: number, of: (i: number) => number): Table => ({
  values: Int32Array.from({ length: segments + 1 }, (_, i) => Math.floor(of(i) + 0.5)),
  stepBits,
});

/** values[i] + round((values[i+1] - values[i]) f / 2^stepBits), argument = i 2^stepBits + f. */
function interpolate({ values, stepBits }: Table, argument: number): number {
  const i = Math.floor(argument / 2 ** stepBits);
  const f = argument - i * 2 ** stepBits;
  return values[i]! + roundShift((values[i + 1]! - values[i]!) * f, stepBits);
}

/** Both tails are sampled at multiples of 1/64 from 0 to 16, beyond which they are 0. */
const TAIL_END = 16 * 2 ** FUNCTION_FRACTION;
const tail = (fraction: number, of: (t: number) => number): Table =>
  sample(1024, FUNCTION_FRACTION - 6, (i) => of(i / 64) * 2 ** fraction);

/** log(1 + exp(-t)), 1024 segments. */
export const softplusTail = tail(SOFTPLUS_FRACTION, (t) => Math.log1p(Math.exp(-t)));
/** t / (1 + exp(t)), 1024 segments. */
export const siluTail = tail(FUNCTION_FRACTION, (t) => t / (1 + Math.exp(t)));
/** 2^-f for 0 <= f <= 1, 256 segments, with 4 guard bits. */
const EXP2_GUARD = 4;
export const exp2Table = sample(256, FUNCTION_FRACTION - 8, (i) => 2 ** (DECAY_FRACTION + EXP2_GUARD - i / 256));
/** 1 / sqrt(f) for 1/4 <= f <= 1, 384 segments of 1/512; f has 24 fraction bits. */
export const rsqrtTable = sample(384, 15, (i) => 2 ** RSQRT_FRACTION / Math.sqrt((i + 128) / 512));

/**
 * log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)). x: any integer, 16 fraction bits; result: 20 fraction bits, not saturated.
 * Absolute error at most 2^-16 (interpolation 2^-17, rounding 2^-20, the cut at 16 2^-23).
 */
export function softplusFixed(x: number, table = softplusTail): number {
  const t = Math.abs(x);
  const rest = t < TAIL_END ? interpolate(table, t) : 0;
  return Math.max(x, 0) * 2 ** (SOFTPLUS_FRACTION - FUNCTION_FRACTION) + rest;
}

/**
 * x / (1 + exp(-x)) = max(x, 0) - |x| / (1 + exp(|x|)). x: any integer, 16 fraction bits; result: 16 fraction bits.
 * Absolute error at most 2^-15 (interpolation 2^-16, rounding 2^-16).
 */
export function siluFixed(x: number, table = siluTail): number {
  const t = Math.abs(x);
  return Math.max(x, 0) - (t < TAIL_END ? interpolate(table, t) : 0);
}

/**
 * 2^-t for t >= 0 with 16 fraction bits; result 0 to 2^16, 16 fraction bits. The whole part of t is a right shift.
 * Absolute error at most 2^-16 (rounding 2^-17 and 2^-20, interpolation 2^-20).
 */
export function exp2Fixed(t: number, table = exp2Table): number {
  const whole = Math.floor(t / 2 ** FUNCTION_FRACTION);
  if (whole > 31) return 0;
  return roundShift(interpolate(table, t - whole * 2 ** FUNCTION_FRACTION), EXP2_GUARD + whole);
}

/** mantissa 2^(-RSQRT_FRACTION - exponent). */
export interface Rsqrt {
  readonly mantissa: number;
  readonly exponent: number;
}

/**
 * 1 / sqrt(m) for whole m from 1 to 2^64 - 1: m = f 4^exponent with 1/4 <= f < 1, f cut to 24 bits, mantissa = 1 / sqrt(f) in (1, 2].
 * Relative error at most 2^-16 (interpolation 2^-17.4, rounding 2^-17, the cut of f 2^-23).
 */
export function rsqrtFixed(m: bigint, table = rsqrtTable): Rsqrt {
  const high = Number(m >> 32n);
  const bits = high > 0 ? 32 + bitLength(high) : bitLength(Number(m));
  const exponent = Math.ceil(bits / 2);
  const cut = BigInt(24 - 2 * exponent);
  const f = Number(cut >= 0n ? m << cut : m >> -cut);
  return { mantissa: interpolate(table, f - 2 ** 22), exponent };
}
