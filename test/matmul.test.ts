import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { binaryMatmul, defaultNumerics, largest, type SignMatrix, smallest } from '../golden/fixed/index.ts';
import { HardwareProblem, type MatmulParameters, matmulArray, matmulWidths, weightStream } from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { matmulBench } from '../verify/bench-matmul.ts';
import type { MatmulJob } from '../verify/job.ts';
import { cornerMatmulJobs, signMatrix } from '../verify/jobs-corner.ts';
import { runUnit } from './unit.ts';

const numerics = defaultNumerics.matmul;
const parameters = (lanes: number, columns: number, maxRows: number, maxColumns: number): MatmulParameters => ({
  lanes,
  columns,
  maxRows,
  maxColumns,
  numerics,
});
const name = (p: MatmulParameters): string => `${p.lanes} x ${p.columns}, up to ${p.maxRows} x ${p.maxColumns}`;

/** The sign identity of MODEL.md 2, independent of golden's loop. */
function reference(m: SignMatrix, q: Int32Array, bias: number): number[] {
  const weight = (o: number, i: number): number => 2 * ((m.signs[o * m.rowWords + (i >> 5)]! >>> (i & 31)) & 1) - 1;
  return Array.from(
    { length: m.rows },
    (_, o) => q.reduce((sum, v, i) => sum + weight(o, i) * v, 0) * 2 ** numerics.resultFraction + bias,
  );
}

describe('matmul array', () => {
  const tile = parameters(3, 5, 16, 16);
  it.each([0, 0.4])(`computes every size 1..16 x 1..16 on a tile of ${name(tile)}, stalls %s`, (stall) => {
    const random = createRandom(3);
    const jobs: MatmulJob[] = [];
    for (let rows = 1; rows <= 16; rows++) {
      for (let cols = 1; cols <= 16; cols++) {
        const matrix = signMatrix(rows, cols, () => random.chance(0.5));
        const q = Int32Array.from({ length: cols }, () => smallest(8) + random.below(256));
        const activations = { q, exponent: 0, bias: random.below(1000) - 500 };
        jobs.push({
          group: 'all',
          label: `${rows} x ${cols}`,
          matrix,
          activations,
          expected: reference(matrix, q, activations.bias),
        });
      }
    }
    const { wrong } = runUnit(matmulArray(tile), 'matmul', matmulBench(jobs, tile, false), stall);
    expect(wrong).toEqual([]);
  });

  const shapes = [
    parameters(1, 1, 1, 1),
    parameters(1, 64, 5, 200),
    parameters(16, 2, 100, 7),
    parameters(4, 33, 9, 100),
  ];
  it.each(shapes.map((p) => [name(p), p] as const))('takes extremes and random matrices: %s', (_name, p) => {
    const jobs = cornerMatmulJobs(p, createRandom(5), 40);
    expect(runUnit(matmulArray(p), 'matmul', matmulBench(jobs, p, false), 0.3).wrong).toEqual([]);
  });

  it.each(shapes.map((p) => [name(p), p] as const))('prints Verilog without a warning: %s', async (_name, p) => {
    const { files, top } = printVerilog(matmulArray(p));
    const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top);
    expect(result.log).toBe('');
  });

  it('takes one weight beat per cycle', () => {
    const p = parameters(4, 8, 64, 64);
    const matrix = signMatrix(64, 64, (o, i) => (o * i) % 3 === 0);
    const activations = { q: new Int32Array(64).fill(largest(8)), exponent: 0, bias: 0 };
    const job = { group: '', label: '', matrix, activations, expected: binaryMatmul(matrix, activations, numerics) };
    const { cycles, wrong } = runUnit(matmulArray(p), 'matmul', matmulBench([job], p, false), 0);
    expect(wrong).toEqual([]);
    const start = 1; // the descriptor
    const load = 64 / 8;
    const weights = (64 / 4) * (64 / 8);
    const latency = 5;
    expect(cycles).toBe(start + load + weights + latency);
  });

  it('finds a flipped weight bit', () => {
    const p = parameters(4, 8, 20, 20);
    const jobs = cornerMatmulJobs(p, createRandom(6), 4);
    expect(runUnit(matmulArray(p), 'matmul', matmulBench(jobs, p, true), 0).wrong).toHaveLength(1);
  });

  it('refuses parameters with the bound', () => {
    expect(() => matmulWidths(parameters(0, 8, 8, 8))).toThrow(HardwareProblem);
    expect(() => matmulWidths(parameters(4, 1.5, 8, 8))).toThrow(
      'columns = 1.5; expected a whole number from 1 to 4096',
    );
  });
});

describe('weight stream', () => {
  it('has the documented layout', () => {
    const m = signMatrix(3, 5, (o, i) => (o + i) % 2 === 0);
    const s = weightStream(m, { lanes: 2, columns: 4 });
    expect({ beats: s.beats, bytesPerBeat: s.bytesPerBeat }).toEqual({ beats: 4, bytesPerBeat: 1 });
    // rows 0 and 1, columns 0-3: 1010 and 0101, the first in the low bit; then column 4; then row 2
    expect([...s.bytes]).toEqual([0b1010_0101, 0b0000_0001, 0b0000_0101, 0b0000_0001]);
  });
});
