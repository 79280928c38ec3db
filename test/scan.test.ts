import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { defaultNumerics, type RowState, type ScanInput, type ScanShape } from '../golden/fixed/index.ts';
import { type ScanParameters, scanUnit, scanWidths, storeSize } from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { scanBench } from '../verify/bench-scan.ts';
import { goldenScan } from '../verify/golden-scan.ts';
import type { ScanJob } from '../verify/job.ts';
import { cornerScanJobs } from '../verify/jobs-corner-scan.ts';
import { runUnit } from './unit.ts';

const row8 = defaultNumerics.state as RowState;
interface Format extends Pick<ScanParameters, 'products' | 'state'> {
  readonly stateBits?: number;
}
const formats: Readonly<Record<string, Format>> = {
  row8: { state: row8 },
  'row8-nearest': { state: { ...row8, rounding: 'nearest' } },
  row6: { state: { ...row8, bits: 6, workBits: 22 } },
  row5: { state: { ...row8, bits: 5, workBits: 17, stepBits: 20 } },
  head16: { state: { kind: 'head' } },
  head12: { state: { kind: 'head' }, stateBits: 12 },
  'row8-logic': { state: row8, products: 'logic' },
  'head16-logic': { state: { kind: 'head' }, products: 'logic' },
};

function parameters(
  [lanes, rows, heads, headDim, state, groups]: readonly [number, number, number, number, number, number],
  format = 'row8',
): ScanParameters {
  const size = storeSize({ heads, headDim, dState: state }, { lanes, rows });
  const { state: stored, stateBits = 16, products = 'dsp' } = formats[format]!;
  return {
    lanes,
    rows,
    maxHeads: heads,
    maxHeadDim: headDim,
    maxState: state,
    maxGroups: groups,
    stateWords: 2 * size.words,
    rowWords: 2 * size.rows,
    numerics: { ...defaultNumerics.scan, stateBits },
    state: stored,
    products,
  };
}

/** L, Q, heads, head_dim, d_state, groups. */
const shapes = [
  [1, 1, 1, 1, 1, 1],
  [4, 2, 6, 4, 16, 3],
  [16, 3, 8, 8, 13, 8],
  [2, 1, 12, 2, 70, 2],
  [32, 1, 3, 8, 256, 1],
  [8, 4, 2, 9, 8, 1],
] as const;

const run = (p: ScanParameters, jobs: readonly ScanJob[], stall: number) =>
  runUnit(scanUnit(p), 'scan', scanBench(jobs, p), stall);

/** All formats on the first shapes; on the others those that differ most. */
const cases = shapes.flatMap((shape, i) =>
  Object.keys(formats)
    .filter((format) => i < 2 || format === 'row8' || format === 'head16')
    .map((format) => [shape, format] as const),
);

describe('scan unit', () => {
  it.each(cases)(
    'L, Q, heads, rows, d_state, groups = %j, %s: equals golden at full speed and with stalls, saturations counted',
    (shape, format) => {
      const p = parameters(shape, format);
      const jobs = cornerScanJobs(p, createRandom(9), 9);
      if (p.maxHeads > 1) expect(jobs.some((j) => j.saturations.state > 0)).toBe(true);
      for (const stall of [0, 0.4]) expect(run(p, jobs, stall).wrong).toEqual([]);
    },
  );

  it('1 024 lanes elaborate and print; more are refused with the bound', () => {
    const wide = parameters([64, 16, 80, 64, 128, 1]);
    expect(printVerilog(scanUnit(wide)).files.some((f) => f.name.startsWith('scan_core_l64_q16'))).toBe(true);
    expect(() => scanUnit({ ...wide, rows: 17 })).toThrow(/rows = 17; expected a whole number from 1 to 16/);
  });

  it('many heads of a real shape', () => {
    const p = parameters([32, 4, 96, 8, 128, 8]);
    expect(run(p, cornerScanJobs(p, createRandom(2), 2), 0.1).wrong).toEqual([]);
  });

  it.each(['row8', 'row8-nearest', 'head16'].map((f) => [f] as const))(
    '%s: prints Verilog without a warning',
    async (format) => {
      for (const shape of [shapes[0], shapes[2]]) {
        const { files, top } = printVerilog(scanUnit(parameters(shape, format)));
        const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top);
        expect(result.log).toBe('');
      }
    },
  );

  it('refuses parameters with the bound', () => {
    expect(() => scanWidths(parameters([3, 1, 1, 1, 1, 1]))).toThrow('lanes = 3; expected a power of two');
    expect(() => scanWidths(parameters([4, 257, 1, 1, 1, 1]))).toThrow(
      'rows = 257; expected a whole number from 1 to 256',
    );
    expect(() => scanWidths(parameters([4, 1, 2, 1, 1, 3]))).toThrow(
      'maxGroups = 3; expected a whole number from 1 to 2',
    );
    const row = (state: Partial<typeof row8>) => ({ ...parameters([4, 1, 2, 1, 1, 1]), state: { ...row8, ...state } });
    expect(() => scanWidths(row({ workBits: 26 }))).toThrow('workBits = 26; expected a whole number from 13 to 24');
    expect(() => scanWidths(row({ workBits: 12 }))).toThrow(expect.objectContaining({ nearest: '13' }));
    expect(() => scanWidths(row({ bits: 24 }))).toThrow('bits = 24; expected a whole number from 3 to 16');
    scanUnit(row({ bits: 3, workBits: 8 }));
    scanUnit(row({ bits: 16, workBits: 32 }));
  });
});

describe('state', () => {
  const shape: ScanShape = { heads: 2, headDim: 8, dState: 16, groups: 1 };
  const input = (x: number): ScanInput => ({
    heads: [0, 1].map(() => ({ decay: 60000, dt: 1 << 18, direct: 100, stepShift: 30, outputShift: 12 })),
    x: Int32Array.from({ length: 16 }, (_, i) => x + i),
    b: Int32Array.from({ length: 16 }, (_, n) => 100 * n - 700),
    c: Int32Array.from({ length: 16 }, (_, n) => 900 - 110 * n),
  });
  const p = parameters([4, 1, 2, 8, 16, 1]);
  const label = { group: '', label: '' };

  it('of layers and sequences is kept apart, and forgotten with token 0 only', () => {
    const scans = [0, 1].map((slot) => goldenScan(shape, { slot, layer: slot }, p));
    const again = goldenScan(shape, { slot: 0, layer: 0 }, p);
    const order = [scans[0]!, scans[1]!, scans[0]!, scans[1]!, again, again];
    const jobs = order.map((scan, i) => scan.next(input(500 - 300 * i), label));
    expect(run(p, jobs, 0.2).wrong).toEqual([]);
  });
});
