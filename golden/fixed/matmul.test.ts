import { describe, expect, it } from 'vitest';
import { randomSource } from '../testing/random.ts';
import type { SignMatrix } from './matmul.ts';
import { epsilonFor, inverseNorm, sumOfSquares } from './norm.ts';
import { planeRow, planeSum, planeWeight, quantizeRows, splitPlanes, tiledProduct } from './planes.ts';

const random = randomSource(3);
const integer = (bits: number) => Math.floor(random() * 2 ** bits) - 2 ** (bits - 1);

describe('weight planes', () => {
  it.each([2, 3, 4, 6, 8])('%i bits: the sum over planes is the integer dot product', (bits) => {
    const [rows, cols] = [5, 37];
    const weights = Int32Array.from({ length: rows * cols }, () => integer(bits));
    const q = Int32Array.from({ length: cols }, () => integer(8));
    const matrix = splitPlanes(weights, rows, cols, bits);
    for (let o = 0; o < rows; o++) {
      for (const [from, to] of [
        [0, cols],
        [3, 35],
        [8, 8],
      ] as const) {
        let sum = 0;
        for (let i = from; i < to; i++) sum += weights[o * cols + i]! * q[i]!;
        expect(planeSum(matrix, o, q, from, to)).toBe(sum);
      }
      for (let i = 0; i < cols; i++) expect(planeWeight(matrix, o, i)).toBe(weights[o * cols + i]);
      expect(planeRow(matrix, o, new Int32Array(cols))).toEqual(weights.subarray(o * cols, (o + 1) * cols));
    }
  });

  it('one plane is the binary matrix product', () => {
    const [rows, cols] = [4, 70];
    const signs = Uint32Array.from({ length: rows * 3 }, (_, i) => Math.floor(random() * 2 ** (i % 3 === 2 ? 6 : 32)));
    const matrix: SignMatrix = { rows, cols, rowWords: 3, signs };
    const q = Int32Array.from({ length: cols }, () => integer(8));
    const binary = { rows, cols, planes: [matrix] };
    const shifts = Int32Array.of(0, 9, 3, 1);
    const y = tiledProduct(binary, { q, from: 0, to: cols, tile: 20, shifts, round: 9, bias: 5 }, 6);
    y.forEach((v, o) => {
      const sums = [0, 20, 40, 60].map((from) => planeSum(binary, o, q, from, Math.min(cols, from + 20)));
      expect(v).toBe(Math.floor((sums[0]! + 512 * sums[1]! + 8 * sums[2]! + 2 * sums[3]! + 4) / 8) + 5);
      expect([...planeRow(binary, o, new Int32Array(cols))]).toEqual(
        Array.from({ length: cols }, (_, i) => planeWeight(binary, o, i)),
      );
    });
  });

  it('rows are rounded to half a unit of their own scale, and zeros stay zeros', () => {
    const weights = Float32Array.from({ length: 30 }, (_, i) =>
      i < 10 ? 0 : (2 * random() - 1) * 10 ** (i > 19 ? -3 : 3),
    );
    const matrix = quantizeRows(weights, 3, 10, 4);
    expect(matrix.scales[0]).toBe(0);
    weights.forEach((w, at) => {
      const o = Math.floor(at / 10);
      expect(Math.abs(planeWeight(matrix, o, at % 10) * matrix.scales[o]! - w)).toBeLessThanOrEqual(
        matrix.scales[o]! / 2 + 1e-9,
      );
    });
  });
});

describe('norm', () => {
  it('sums squares exactly, also beyond 2^53', () => {
    const x = Int32Array.from({ length: 5000 }, () => integer(24));
    let exact = 0n;
    for (const v of x) exact += BigInt(v) * BigInt(v);
    expect(sumOfSquares(x, 0, x.length)).toBe(exact);
    const extreme = new Int32Array(2 ** 16).fill(-(2 ** 23));
    expect(sumOfSquares(extreme, 0, extreme.length)).toBe(2n ** 62n);
  });

  it('gives 1/rms to 2^-15', () => {
    for (const bits of [4, 10, 24]) {
      const x = Int32Array.from({ length: 100 }, () => integer(bits));
      const epsilon = epsilonFor(1e-5, 100, -12);
      const { mantissa, exponent } = inverseNorm(x, 20, 90, epsilon);
      const exact = 1 / Math.sqrt(x.slice(20, 90).reduce((s, v) => s + v * v, 0) + 1e-3 * 2 ** 24);
      expect(Math.abs((mantissa * 2 ** (-16 - exponent)) / exact - 1)).toBeLessThan(2 ** -14);
    }
  });
});
