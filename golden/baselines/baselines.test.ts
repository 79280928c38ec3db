import { expect, it } from 'vitest';
import { planeRow, planeWeight, quantizeRows } from '../fixed/planes.ts';
import { loadModel } from '../model.ts';
import { randomFloats, randomSource } from '../testing/random.ts';
import { AWKWARD, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../testing/synthetic.ts';
import { billm, signs } from './binary.ts';
import { gptq, gptqPlanes, type Matrix, roundToNearest } from './grids.ts';
import { addInputs, emptyStatistics, inverseFactor } from './hessian.ts';
import { quantizeModel } from './quantize-model.ts';

const random = randomSource(4);
const [ROWS, COLS, SAMPLES] = [24, 160, 600];
const matrix: Matrix = { rows: ROWS, cols: COLS, weights: randomFloats(random, ROWS * COLS, 1) };

/** Inputs of which neighbours are alike, some much larger than others. */
const inputs = (() => {
  const x = randomFloats(random, SAMPLES * COLS, 1);
  for (let i = 1; i < x.length; i++) x[i] = x[i]! * (i % 7 === 0 ? 4 : 1) + 0.8 * x[i - 1]!;
  return x;
})();
const statistics = emptyStatistics(COLS);
addInputs(statistics, inputs);
const factor = inverseFactor(statistics);

/** Squared error of the outputs on the inputs. */
function outputError(weights: Float32Array): number {
  let error = 0;
  for (let s = 0; s < SAMPLES; s++) {
    for (let o = 0; o < ROWS; o++) {
      let sum = 0;
      for (let i = 0; i < COLS; i++) {
        sum += (weights[o * COLS + i]! - matrix.weights[o * COLS + i]!) * inputs[s * COLS + i]!;
      }
      error += sum * sum;
    }
  }
  return error;
}

it('factor: U^T U times the damped statistics is the identity', () => {
  const { sums } = statistics;
  let trace = 0;
  for (let i = 0; i < COLS; i++) trace += sums[i * COLS + i]!;
  const damped = (i: number, j: number) =>
    sums[Math.max(i, j) * COLS + Math.min(i, j)]! + (i === j ? (0.01 * trace) / COLS : 0);
  for (const [i, j] of [
    [0, 0],
    [3, 90],
    [159, 159],
    [80, 79],
  ] as const) {
    let sum = 0;
    for (let k = 0; k < COLS; k++) {
      let inverse = 0;
      for (let r = 0; r <= Math.min(i, k); r++) inverse += factor[r * COLS + i]! * factor[r * COLS + k]!;
      sum += inverse * damped(k, j);
    }
    expect(sum).toBeCloseTo(i === j ? 1 : 0, 6);
  }
});

it('round to nearest: at most half a step away, 2^bits values per row', () => {
  for (const bits of [2, 3, 4]) {
    const q = roundToNearest(matrix, bits);
    for (let o = 0; o < ROWS; o++) {
      const row = q.subarray(o * COLS, (o + 1) * COLS);
      expect(new Set(row).size).toBeLessThanOrEqual(2 ** bits);
      row.forEach((v, i) => {
        expect(Math.abs(v - matrix.weights[o * COLS + i]!)).toBeLessThan(1.02 / (2 ** bits - 1));
      });
    }
  }
});

it('GPTQ: better outputs than rounding on alike inputs, rounding itself on independent ones', () => {
  for (const bits of [2, 3, 4]) {
    expect(outputError(gptq(matrix, bits, factor))).toBeLessThan(0.6 * outputError(roundToNearest(matrix, bits)));
  }
  const independent = emptyStatistics(COLS);
  for (let i = 0; i < COLS; i++) independent.sums[i * COLS + i] = 1 + i;
  expect(gptq(matrix, 3, inverseFactor(independent))).toEqual(roundToNearest(matrix, 3));
});

it('GPTQ on planes: the fixed-point model holds its integers exactly, whatever the largest of a row', () => {
  for (const bits of [2, 3, 4]) {
    const { weights, steps } = gptqPlanes(matrix, bits, factor);
    const planes = quantizeRows(weights, ROWS, COLS, bits, steps);
    let [most, short] = [0, 0];
    for (let o = 0; o < ROWS; o++) {
      const row = planeRow(planes, o, new Int32Array(COLS));
      const wrong = row.findIndex((integer, i) => Math.fround(integer * steps[o]!) !== weights[o * COLS + i]);
      expect(wrong).toBe(-1);
      const largest = Math.max(...row.map(Math.abs));
      most = Math.max(most, largest);
      if (largest < 2 ** (bits - 1) - 1) short++;
    }
    expect(most).toBe(2 ** (bits - 1) - 1);
    expect(short).toBeLessThan(ROWS);
    expect(outputError(weights)).toBeLessThan(outputError(rounded(bits)));
  }
});

/** Each weight to the nearest integer of the same planes. */
function rounded(bits: number): Float32Array {
  const planes = quantizeRows(matrix.weights, ROWS, COLS, bits);
  return matrix.weights.map(
    (_, at) => planeWeight(planes, Math.floor(at / COLS), at % COLS) * planes.scales[Math.floor(at / COLS)]!,
  );
}

it('signs: no other scale of a row is better', () => {
  const q = signs(matrix);
  const error = (scale: number) => q.reduce((sum, v, i) => sum + (scale * v - matrix.weights[i]!) ** 2, 0);
  expect(error(1)).toBeLessThan(Math.min(error(0.99), error(1.01)));
  expect(q.every((v, i) => v * matrix.weights[i]! >= 0)).toBe(true);
});

it('BiLLM: better outputs than signs, few salient columns, at most four values in the others of a row and block', () => {
  const { weights, salient } = billm(matrix, factor);
  expect(outputError(weights)).toBeLessThan(0.7 * outputError(signs(matrix)));
  expect(salient).toBeGreaterThan(0);
  expect(salient).toBeLessThan(0.5);
  const values = new Set(weights.subarray(0, 128));
  expect(values.size).toBeLessThanOrEqual(8);
});

it('a model: in_proj then out_proj of every layer, on the inputs that the changed layers give; the rest stays', async () => {
  using dir = scratchDir();
  const model = await loadModel(writeCheckpoint(dir.path, syntheticCheckpoint({ ...AWKWARD, pattern: 'dense' }, 3)));
  const text = [Uint8Array.from([1, 2, 3, 4, 5])];
  const seen: number[] = [];
  const factors: Float64Array[] = [];
  const changed = quantizeModel(
    model,
    ({ cols, weights }, of) => {
      seen.push(cols);
      factors.push(of());
      return { weights: weights.map((w) => -w) };
    },
    text,
  );
  expect(seen).toEqual([15, 30, 15, 30, 15, 30]);
  expect(changed.layers[2]!.outProj).toMatchObject({
    weights: (model.layers[2]!.outProj as unknown as Matrix).weights.map((w) => -w),
  });
  expect(changed.embedding).toBe(model.embedding);
  const unchanged: Float64Array[] = [];
  quantizeModel(
    model,
    ({ weights }, of) => {
      unchanged.push(of());
      return { weights };
    },
    text,
  );
  expect(unchanged[0]).toEqual(factors[0]);
  expect(unchanged[1]).not.toEqual(factors[1]);
});
