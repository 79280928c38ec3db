/** Integers side by side in one word, the first in the low bits, two's complement. */
import type { Random } from '../sim/index.ts';

/** `values`, then noise up to `length`: what a design must not look at should not be zero. */
export const padded = (values: ArrayLike<number>, length: number, noise: Random): number[] =>
  Array.from({ length }, (_, i) => (i < values.length ? values[i]! : noise.word()));

export function joinFields(values: ArrayLike<number>, bits: number): bigint {
  let word = 0n;
  for (let i = values.length - 1; i >= 0; i--) word = (word << BigInt(bits)) | BigInt.asUintN(bits, BigInt(values[i]!));
  return word;
}

export function splitFields(word: bigint, bits: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(BigInt.asIntN(bits, word >> BigInt(i * bits))));
}
