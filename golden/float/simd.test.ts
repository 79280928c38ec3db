import { describe, expect, it } from 'vitest';
import type { BinaryProjection, Projection, ScalingPattern } from '../projection.ts';
import { randomFloats, randomSource } from '../testing/random.ts';
import { plainKernels } from './plain.ts';
import { createSimdKernels } from './simd.ts';

const simd = createSimdKernels();
const random = randomSource(7);
const placed = (values: Float32Array) => {
  const array = simd.floats(values.length);
  array.set(values);
  return array;
};
const randoms = (count: number, size = 1) => randomFloats(random, count, size);

/** Largest difference as a part of the largest reference value. */
function relative(ours: Float32Array, reference: Float32Array): number {
  let error = 0;
  let largest = 1e-30;
  for (let i = 0; i < reference.length; i++) {
    error = Math.max(error, Math.abs(ours[i]! - reference[i]!));
    largest = Math.max(largest, Math.abs(reference[i]!));
  }
  return error / largest;
}

function binaryProjection(rows: number, cols: number, pattern: ScalingPattern): BinaryProjection {
  const rowWords = Math.ceil(cols / 32);
  const last = cols % 32 === 0 ? 0xffffffff : 2 ** (cols % 32) - 1;
  const signs = Uint32Array.from({ length: rows * rowWords }, (_, i) => {
    const word = Math.floor(random() * 2 ** 32);
    return (i + 1) % rowWords === 0 ? word & last : word;
  });
  const count = { column: cols, row: rows, single: 1 }[pattern];
  return { kind: 'binary', rows, cols, signs, rowWords, pattern, wscale: randoms(count), wbias: randoms(count, 0.1) };
}

/** Places one projection by way of a model that has no other weights. */
function place(projection: Projection): Projection {
  const none = new Float32Array();
  const layer = { norm: none, convWeight: none, convBias: none, dtBias: none, a: none, d: none, gatedNorm: none };
  const layers = [{ ...layer, inProj: projection, outProj: projection }];
  const config = {} as never;
  return simd.place({ config, embedding: none, head: none, normF: none, layers }).layers[0]!.inProj;
}

const SHAPES: [number, number][] = [
  [1, 1],
  [1, 33],
  [5, 7],
  [3, 32],
  [31, 31],
  [33, 64],
  [130, 100],
  [296, 64],
];
const TOKENS = [1, 3, 8, 9, 21];

function compareProjection(projection: Projection): void {
  const onHeap = place(projection);
  for (const tokens of TOKENS) {
    const x = placed(randoms(tokens * projection.cols));
    const ours = simd.floats(tokens * projection.rows + 8).fill(777);
    const reference = new Float32Array(tokens * projection.rows);
    simd.project(onHeap, x, ours, tokens);
    plainKernels.project(projection, x, reference, tokens);
    expect(relative(ours.subarray(0, reference.length), reference)).toBeLessThan(2e-6);
    expect(ours.subarray(reference.length).every((value) => value === 777)).toBe(true);
  }
}

describe('projections equal the plain ones in every shape', () => {
  it.each(SHAPES)('%i x %i', (rows, cols) => {
    for (const pattern of ['column', 'row', 'single'] as const)
      compareProjection(binaryProjection(rows, cols, pattern));
    compareProjection({ kind: 'dense', rows, cols, weights: randoms(rows * cols) });
  });
});

describe('vector operations equal the plain ones', () => {
  it('silu over its range', () => {
    const values = Float32Array.from({ length: 20_001 }, (_, i) => (i - 10_000) / 100);
    const ours = simd.floats(values.length);
    simd.silu(placed(values), ours, values.length);
    for (const [i, x] of values.entries()) {
      const reference = x / (1 + Math.exp(-x));
      const error = Math.abs(ours[i]! - reference);
      if (error > 3e-7 * Math.abs(reference) + 1e-30) expect.fail(`silu(${x}) = ${ours[i]}, not ${reference}`);
    }
  });

  it.each([1, 3, 8, 30, 64, 67])('rmsNorm and gatedNorm, width %i', (width) => {
    const rows = 3;
    const stride = width + 5;
    const [x, weight, z] = [randoms(rows * width, 5), randoms(width), randoms(rows * stride, 4)];
    const ours = simd.floats(rows * width);
    const reference = new Float32Array(rows * width);
    simd.rmsNorm(placed(x), placed(weight), ours, rows, 1e-5);
    plainKernels.rmsNorm(x, weight, reference, rows, 1e-5);
    expect(relative(ours, reference)).toBeLessThan(1e-6);
    for (const groups of [1, 2, 3].filter((count) => width % count === 0)) {
      const shape = { stride, rows, groups, eps: 1e-5 };
      simd.gatedNorm({ y: placed(x), zRows: placed(z), weight: placed(weight), out: ours, ...shape });
      plainKernels.gatedNorm({ y: x, zRows: z, weight, out: reference, ...shape });
      expect(relative(ours, reference)).toBeLessThan(1e-6);
    }
  });

  it.each([
    [1, 4, 1],
    [6, 4, 5],
    [7, 3, 2],
    [64, 4, 9],
    [5, 1, 4],
  ])('convolution, %i channels, %i taps, %i steps', (channels, taps, steps) => {
    const [batch, offset] = [2, 3];
    const stride = channels + 7;
    const input = randoms(batch * steps * stride);
    const [weight, bias] = [randoms(channels * taps), randoms(channels)];
    const before = randoms(batch * (taps - 1) * channels);
    const run = (kernels: typeof simd, keep: (values: Float32Array) => Float32Array) => {
      const [history, out] = [keep(before.slice()), keep(new Float32Array(batch * steps * channels))];
      const shape = { offset, stride, channels, taps, batch, steps };
      kernels.convolve({ input: keep(input), weight: keep(weight), bias: keep(bias), history, out, ...shape });
      return { history, out };
    };
    const ours = run(simd, placed);
    const reference = run(plainKernels, (values) => values);
    expect(relative(ours.out, reference.out)).toBeLessThan(1e-6);
    expect(ours.history).toEqual(reference.history);
  });

  it.each([
    [1, 1, 1, 1],
    [4, 5, 7, 2],
    [6, 8, 16, 3],
    [2, 6, 33, 1],
  ])('scan, %i heads of %i, d_state %i, %i groups', (heads, headDim, dState, groups) => {
    const [batch, steps] = [2, 5];
    const rows = batch * steps;
    const inner = heads * headDim;
    const inputs = {
      xbc: randoms(rows * (inner + 2 * groups * dState)),
      dt: randoms(rows * heads).map(Math.abs),
      da: randoms(rows * heads).map(Math.abs),
      d: randoms(heads),
    };
    const before = randoms(batch * inner * dState);
    const run = (kernels: typeof simd, keep: (values: Float32Array) => Float32Array) => {
      const [state, y] = [keep(before.slice()), keep(new Float32Array(rows * inner))];
      const [xbc, dt, da, d] = [inputs.xbc, inputs.dt, inputs.da, inputs.d].map(keep) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      kernels.scan({ xbc, dt, da, d, state, y, heads, headDim, dState, groups, batch, steps });
      return { state, y };
    };
    const ours = run(simd, placed);
    const reference = run(plainKernels, (values) => values);
    expect(relative(ours.y, reference.y)).toBeLessThan(1e-6);
    expect(relative(ours.state, reference.state)).toBeLessThan(1e-6);
  });
});
