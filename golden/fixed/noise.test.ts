import { describe, expect, it } from 'vitest';
import { noiseByte, rowKey, tokenKey } from './noise.ts';

const TOKENS = 4096;
/** The noise of one element over time. */
const series = (layer: number, row: number, n: number, seed = 1): number[] =>
  Array.from({ length: TOKENS }, (_, t) => noiseByte(rowKey(tokenKey(seed, layer, t), row), n));

/** Pearson's chi-square against 256 equal classes: 255 +- 23 for true randomness. */
function chiSquare(bytes: readonly number[]): number {
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[byte]!++;
  return counts.reduce((sum, n) => sum + (n - bytes.length / 256) ** 2 / (bytes.length / 256), 0);
}

/** Correlation of two series: 0 +- 1/64 for independent ones of 4096. */
function correlation(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += (a[i]! - 127.5) * (b[i]! - 127.5);
  return sum / b.length / ((256 ** 2 - 1) / 12);
}

const PLACES: [number, number, number][] = [
  [0, 0, 0],
  [0, 0, 3],
  [0, 1, 5],
  [3, 511, 63],
  [7, 64, 127],
  [63, 5119, 4],
];

type Source = (token: number, n: number) => number;
const ours: Source = (token, n) => noiseByte(rowKey(tokenKey(1, 0, token), 7), n);
/** Different rows of 64 elements among so many tokens. */
const distinctRows = (source: Source) =>
  new Set(Array.from({ length: TOKENS }, (_, t) => Array.from({ length: 64 }, (_, n) => source(t, n)).join())).size;
/** Largest correlation of an element with itself 1 to 128 tokens later. */
function echo(bytes: readonly number[]): number {
  const lags = Array.from({ length: 128 }, (_, i) => i + 1);
  return Math.max(...lags.map((lag) => Math.abs(correlation(bytes.slice(lag), bytes.slice(0, -lag)))));
}
const overTime = (source: Source) => Array.from({ length: TOKENS }, (_, t) => source(t, 0));

describe('noise looks random', () => {
  it.each(PLACES)('over time at layer %i, row %i, n %i', (layer, row, n) => {
    const bytes = series(layer, row, n);
    expect(chiSquare(bytes)).toBeLessThan(350);
    expect(chiSquare(bytes)).toBeGreaterThan(170);
    expect(echo(bytes)).toBeLessThan(0.08);
  });

  it('and neighbours in n, row, layer and seed do not go together', () => {
    const base = series(0, 0, 0);
    const others = [
      series(0, 0, 1),
      series(0, 0, 4),
      series(0, 0, 8),
      series(0, 1, 0),
      series(0, 64, 0),
      series(1, 0, 0),
      series(0, 0, 0, 2),
    ];
    for (const other of others) expect(Math.abs(correlation(base, other))).toBeLessThan(0.08);
  });

  it('does not repeat from token to token', () => {
    expect(distinctRows(ours)).toBe(TOKENS);
    expect(echo(overTime(ours))).toBeLessThan(0.08);
  });

  it('and these checks see sources that repeat: with every token, with a period, every other token', () => {
    for (const period of [1, 2, 64, 100]) {
      const repeating: Source = (token, n) => ours(token % period, n);
      expect(distinctRows(repeating)).toBe(period);
      expect(echo(overTime(repeating))).toBeGreaterThan(0.5);
    }
    const slow: Source = (token, n) => ours(token >> 1, n);
    expect(distinctRows(slow)).toBe(TOKENS / 2);
    expect(echo(overTime(slow))).toBeGreaterThan(0.3);
  });

  it('is pinned', () => {
    expect([0, 1, 2, 3, 4, 100].map((n) => noiseByte(rowKey(tokenKey(1, 2, 3), 4), n))).toMatchInlineSnapshot(`
      [
        71,
        134,
        93,
        164,
        193,
        172,
      ]
    `);
  });
});
