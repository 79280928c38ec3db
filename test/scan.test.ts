import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { defaultNumerics, type ScanShape, scanToken } from '../golden/fixed/index.ts';
import { type ScanParameters, scanUnit, scanWidths } from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { scanBench } from '../verify/bench-scan.ts';
import type { ScanJob } from '../verify/job.ts';
import { cornerScanJobs } from '../verify/jobs-corner.ts';
import { runUnit } from './unit.ts';

const numerics = defaultNumerics.scan;
const parameters = (lanes: number, heads: number, headDim: number, state: number, groups: number): ScanParameters => ({
  lanes,
  maxHeads: heads,
  maxHeadDim: headDim,
  maxState: state,
  maxGroups: groups,
  stateWords: 2 * heads * headDim * Math.ceil(state / lanes),
  numerics,
});
const name = (p: ScanParameters): string =>
  `L = ${p.lanes}, ${p.maxHeads} heads, ${p.maxHeadDim} rows, d_state ${p.maxState}, ${p.maxGroups} groups`;

const shapes = [
  parameters(1, 1, 1, 1, 1),
  parameters(8, 6, 4, 16, 3),
  parameters(16, 8, 3, 13, 8),
  parameters(4, 12, 2, 70, 2),
  parameters(32, 3, 8, 256, 1),
];

describe('scan unit', () => {
  it.each(shapes.flatMap((p) => [0, 0.4].map((stall) => [name(p), stall, p] as const)))(
    'equals golden: %s, stalls %s',
    (_name, stall, p) => {
      const jobs = cornerScanJobs(p, createRandom(9), 16);
      expect(runUnit(scanUnit(p), 'scan', scanBench(jobs, p), stall).wrong).toEqual([]);
    },
  );

  it.each(shapes.map((p) => [name(p), p] as const))('prints Verilog without a warning: %s', async (_name, p) => {
    const { files, top } = printVerilog(scanUnit(p));
    const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top);
    expect(result.log).toBe('');
  });

  const shape: ScanShape = { heads: 2, headDim: 8, dState: 16, groups: 1 };
  const token = (x: number): Omit<ScanJob, 'clear' | 'expected' | 'slot'> => ({
    group: '',
    label: `x = ${x}`,
    shape,
    input: {
      heads: Array.from({ length: 2 }, () => ({
        decay: 60000,
        dt: 1 << 18,
        direct: 100,
        stepShift: 14,
        outputShift: 12,
      })),
      x: new Int32Array(16).fill(x),
      b: Int32Array.from({ length: 16 }, (_, n) => 100 * n - 700),
      c: Int32Array.from({ length: 16 }, (_, n) => 900 - 110 * n),
    },
  });
  const expected = (state: Int32Array, x: number): Int32Array => scanToken(shape, token(x).input, state, numerics);

  it('starts one beat per cycle, one read and one write per state word', () => {
    const p = parameters(4, 2, 8, 16, 1);
    const state = new Int32Array(256);
    const job: ScanJob = { ...token(700), slot: 0, clear: true, expected: expected(state, 700) };
    const { cycles, wrong } = runUnit(scanUnit(p), 'scan', scanBench([job], p), 0);
    expect(wrong).toEqual([]);
    const descriptor = 1;
    const load = 4;
    const beats = 16 * 4;
    const latency = 9;
    expect(cycles).toBe(descriptor + load + beats + latency);
  });

  it('keeps the states of layers apart, and forgets only when told to', () => {
    const p = parameters(4, 2, 8, 16, 1);
    const states = [new Int32Array(256), new Int32Array(256)];
    const order = [
      [0, 500, true],
      [1, -900, true],
      [0, 300, false],
      [1, 100, false],
      [0, 200, true],
    ] as const;
    const jobs = order.map(([slot, x, clear]): ScanJob => {
      if (clear) states[slot]!.fill(0);
      return { ...token(x), slot, clear, expected: expected(states[slot]!, x) };
    });
    expect(runUnit(scanUnit(p), 'scan', scanBench(jobs, p), 0.2).wrong).toEqual([]);
  });

  it('refuses parameters with the bound', () => {
    expect(() => scanWidths(parameters(3, 1, 1, 1, 1))).toThrow('lanes = 3; expected a power of two');
    expect(() => scanWidths(parameters(4, 2, 1, 1, 3))).toThrow('maxGroups = 3; expected a whole number from 1 to 2');
  });
});
