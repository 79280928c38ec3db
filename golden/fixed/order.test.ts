/** Nothing of the specification depends on the order of the work: any tiles, lanes and chunks of the same token give the same bits. */
import { expect, it } from 'vitest';
import { randomSource } from '../testing/random.ts';
import { convolveToken, type FixedConvolution } from './convolution.ts';
import { noiseByte, rowKey, tokenKey } from './noise.ts';
import { sumOfSquares } from './norm.ts';
import { defaultNumerics, type RowState } from './numerics.ts';
import { planeSum, splitPlanes, type TiledVector, tiledProduct } from './planes.ts';
import { sumGroups } from './projection.ts';
import { type ScanHead, type ScanInput, type ScanShape, scanToken } from './scan.ts';
import { clearRows, scanTokenRows } from './scan-rows.ts';

const random = randomSource(31);
const below = (n: number) => Math.floor(random() * n);
const integer = (bits: number) => below(2 ** bits) - 2 ** (bits - 1);
const ints = (count: number, bits: number) => Int32Array.from({ length: count }, () => integer(bits));
const shuffled = (n: number) => {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
};

it('matmul: R rows, K columns and planes in any order', () => {
  const [rows, cols, tile] = [11, 60, 20];
  const matrix = splitPlanes(ints(rows * cols, 6), rows, cols, 6);
  const a: TiledVector = {
    q: ints(cols, 8),
    from: 0,
    to: cols,
    tile,
    shifts: Int32Array.of(3, 0, 7),
    round: 7,
    bias: 9,
  };
  const expected = tiledProduct(matrix, a, 6);
  for (const k of [1, 7, 16, 60]) {
    const sums = new Float64Array(rows);
    const pieces = shuffled(Math.ceil(cols / k)).flatMap((i) => cuts(i * k, Math.min(cols, (i + 1) * k), tile));
    for (const [from, to] of pieces)
      for (const o of shuffled(rows))
        sums[o]! += planeSum(matrix, o, a.q, from, to) * 2 ** a.shifts[Math.floor(from / tile)]!;
    expect(sums.map((sum) => Math.floor(sum / 2 ** (a.round - 6) + 0.5) + a.bias)).toEqual(expected);
  }
});

/** from ... to, cut at multiples of `tile`. */
function cuts(from: number, to: number, tile: number): [number, number][] {
  const out: [number, number][] = [];
  for (let at = from; at < to; ) {
    const end = Math.min(to, (Math.floor(at / tile) + 1) * tile);
    out.push([at, end]);
    at = end;
  }
  return out;
}

const SHAPE: ScanShape = { heads: 4, headDim: 3, dState: 10, groups: 2 };
const ROWS = SHAPE.heads * SHAPE.headDim;
const head = (): ScanHead => ({
  decay: below(65537),
  dt: below(2 ** 21),
  direct: integer(16),
  stepShift: 26 + below(4),
  outputShift: 8,
});
const input = (): ScanInput => ({
  heads: Array.from({ length: SHAPE.heads }, head),
  x: ints(ROWS, 16),
  b: ints(SHAPE.groups * SHAPE.dState, 16),
  c: ints(SHAPE.groups * SHAPE.dState, 16),
});

it.each(['stochastic', 'nearest'] as const)('scan, row exponents, %s: rows one at a time, in any order', (rounding) => {
  const format: RowState = { ...(defaultNumerics.state as RowState), rounding };
  const whole = clearRows(SHAPE, format);
  const single = clearRows(SHAPE, format);
  for (let token = 0; token < 12; token++) {
    const now = input();
    const key = tokenKey(1, 5, token);
    const expected = scanTokenRows(SHAPE, now, whole, key, defaultNumerics.scan, format);
    for (const row of shuffled(ROWS)) {
      // The row alone: a model of that many rows in which all others are new.
      const other = clearRows(SHAPE, format);
      const part = { from: row * SHAPE.dState, to: (row + 1) * SHAPE.dState };
      other.q.set(single.q.subarray(part.from, part.to), part.from);
      other.exponents[row] = single.exponents[row]!;
      const y = scanTokenRows(SHAPE, now, other, key, defaultNumerics.scan, format);
      expect(y[row]).toBe(expected[row]);
      single.q.set(other.q.subarray(part.from, part.to), part.from);
      single.exponents[row] = other.exponents[row]!;
    }
    expect(single).toEqual(whole);
  }
  expect(whole.exponents.some((e) => e > 0)).toBe(true);
});

it('scan: state elements in any lanes have the same noise, and sums of C S do not depend on their order', () => {
  const key = rowKey(tokenKey(1, 2, 3), 4);
  const noise = Array.from({ length: 128 }, (_, n) => noiseByte(key, n));
  for (const n of shuffled(128)) expect(noiseByte(key, n)).toBe(noise[n]);
  const now = input();
  const state = ints(ROWS * SHAPE.dState, 15);
  const y = scanToken(SHAPE, now, state.slice(), defaultNumerics.scan);
  const order = shuffled(SHAPE.dState);
  const move = (values: Int32Array) => values.map((_, i) => values[i - (i % 10) + order[i % 10]!]!);
  expect(scanToken(SHAPE, { ...now, b: move(now.b), c: move(now.c) }, move(state), defaultNumerics.scan)).toEqual(y);
});

it('convolution: channels in any parts', () => {
  const channels = 13;
  const f: FixedConvolution = {
    channels,
    taps: 4,
    weight: ints(channels * 4, 16),
    bias: ints(channels, 24),
    shift: 14,
  };
  const history = new Int32Array(3 * channels);
  const parts = Array.from({ length: channels }, () => new Int32Array(3));
  for (let token = 0; token < 9; token++) {
    const now = ints(channels, 16);
    const expected = convolveToken(f, now, history);
    for (const c of shuffled(channels)) {
      const one = { ...f, channels: 1, weight: f.weight.slice(4 * c, 4 * c + 4), bias: f.bias.slice(c, c + 1) };
      expect(convolveToken(one, now.subarray(c, c + 1), parts[c]!)[0]).toBe(expected[c]);
    }
  }
});

it('norm: squares in any order; groups of out_proj in any order, exact beyond 2^53', () => {
  const x = ints(300, 24);
  const parts = [0, 77, 150, 300].flatMap((from, i, all) => (i < 3 ? [sumOfSquares(x, from, all[i + 1]!)] : []));
  expect(parts.reverse().reduce((a, b) => a + b)).toBe(sumOfSquares(x, 0, 300));
  const groups = Array.from({ length: 3 }, () => ({
    y: [integer(50)],
    mantissa: 65537 + below(65536),
    shift: 20 + below(9),
  }));
  const exact = groups.map(({ y, mantissa, shift }) => {
    const half = 1n << BigInt(shift + 1);
    return (BigInt(y[0]!) * BigInt(mantissa) + half) >> BigInt(shift + 2);
  });
  expect(BigInt(sumGroups(groups, 0, 2))).toBe(exact.reduce((a, b) => a + b));
  expect(sumGroups(groups.toReversed(), 0, 2)).toBe(sumGroups(groups, 0, 2));
});
