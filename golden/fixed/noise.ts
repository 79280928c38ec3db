/**
 * The random source of stochastic rounding: 8 bits for every element of the state and every token, a function of where and when alone, so
 * that any order of computation gives the same bits. Three 32-bit additions and two exclusive ors per `mix` (the steps of Jenkins'
 * one-at-a-time hash, a word at a time); one `mix` gives the bytes of four neighbouring elements.
 */
export function mix(h: number, word: number): number {
  let x = (h + word) | 0;
  x = (x + (x << 10)) | 0;
  x ^= x >>> 6;
  x = (x + (x << 3)) | 0;
  x ^= x >>> 11;
  return (x + (x << 15)) | 0;
}

/** What all rows of a layer share during one token: mix(mix(seed, layer), tokens since the state was cleared). */
export const tokenKey = (seed: number, layer: number, token: number): number => mix(mix(mix(0, seed), layer), token);

/** What a row's elements share: `row` = head * headDim + p. */
export const rowKey = (key: number, row: number): number => mix(key, row);

/** Keeps neighbouring words of a row apart: 2^32 over the golden ratio. */
export const NOISE_STRIDE = 0x9e3779b9;

/** 0 to 255 for element n of a row: byte n mod 4 of mix(key, floor(n / 4) NOISE_STRIDE). */
export const noiseByte = (key: number, n: number): number =>
  (mix(key, Math.imul(n >> 2, NOISE_STRIDE)) >>> (8 * (n & 3))) & 255;
