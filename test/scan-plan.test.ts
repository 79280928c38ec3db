/** The planner against the simulation, to the cycle, and for models too large to simulate. */
import { describe, expect, it } from 'vitest';
import { defaultNumerics, type ScanInput, type ScanShape, type StateFormat } from '../golden/fixed/index.ts';
import type { ModelConfig } from '../golden/index.ts';
import {
  cyclesPerToken,
  planScan,
  type ScanParameters,
  scanCycles,
  scanTiming,
  scanUnit,
  storeSize,
} from '../hw/index.ts';
import { scanBench } from '../verify/bench-scan.ts';
import { goldenScan } from '../verify/golden-scan.ts';
import { runUnit } from './unit.ts';

const parameters = (
  shape: ScanShape,
  lanes: number,
  rows: number,
  layers: number,
  state: StateFormat,
): ScanParameters => {
  const size = storeSize(shape, { lanes, rows });
  const most = { maxHeads: shape.heads, maxHeadDim: shape.headDim, maxState: shape.dState, maxGroups: shape.groups };
  const words = { stateWords: layers * size.words, rowWords: layers * size.rows };
  return { lanes, rows, ...most, ...words, numerics: defaultNumerics.scan, state };
};

const input = ({ heads, headDim, dState, groups }: ScanShape): ScanInput => ({
  heads: Array.from({ length: heads }, () => ({
    decay: 60000,
    dt: 1 << 18,
    direct: 5,
    stepShift: 30,
    outputShift: 12,
  })),
  x: new Int32Array(heads * headDim).fill(500),
  b: new Int32Array(groups * dState).fill(77),
  c: new Int32Array(groups * dState).fill(-99),
});

/** L, Q, heads, head_dim, d_state, groups. */
const shapes = [
  [8, 1, 1, 1, 8, 1],
  [8, 1, 1, 2, 16, 1],
  [8, 1, 2, 4, 32, 1],
  [8, 2, 2, 2, 8, 2],
  [8, 2, 8, 8, 16, 4],
  [4, 3, 4, 16, 16, 2],
  [32, 1, 2, 3, 128, 1],
  [32, 1, 8, 4, 32, 8],
] as const;
const formats: readonly StateFormat[] = [defaultNumerics.state, { kind: 'head' }];

describe('cycles', () => {
  it.each(formats.flatMap((f) => shapes.map((s) => [s, f.kind, f] as const)))(
    'L, Q, heads, rows, d_state, groups = %j, one unit per %s: prefill of one layer and decode of three take what the planner says',
    ([lanes, rows, heads, headDim, dState, groups], _kind, format) => {
      const shape = { heads, headDim, dState, groups };
      const p = parameters(shape, lanes, rows, 3, format);
      const timing = scanTiming(shape, p);
      for (const [layers, tokens] of [
        [1, 1],
        [1, 6],
        [3, 6],
      ] as const) {
        const scans = [0, 1, 2].map((slot) => goldenScan(shape, { slot, layer: slot }, p));
        const label = { group: '', label: '' };
        const jobs = Array.from({ length: tokens }, (_, i) => scans[i % layers]!.next(input(shape), label));
        const expected = { wrong: [], cycles: scanCycles(timing, tokens) };
        expect(runUnit(scanUnit(p), 'scan', scanBench(jobs, p), 0)).toEqual(expected);
      }
    },
  );

  it('a token with enough beats costs its beats, another what a word is on its way', () => {
    const [long, short] = [2, 1].map((heads) => ({ heads, headDim: 16, dState: 8, groups: 1 }));
    const timing = (shape: ScanShape) => scanTiming(shape, parameters(shape, 8, 1, 1, defaultNumerics.state));
    expect(timing(long!)).toEqual({ firstBeat: 10, beats: 32, turnaround: 23, toY: 23 });
    expect([cyclesPerToken(timing(long!)), cyclesPerToken(timing(short!))]).toEqual([32, 23]);
  });
});

const config = (dModel: number, nLayer: number): ModelConfig => ({
  ...{ dModel, nLayer, vocabSize: 50280, paddedVocabSize: 50288, dInner: 2 * dModel, nHeads: dModel / 32, headDim: 64 },
  ...{ dState: 128, nGroups: 1, dConv: 4, convBias: true, normEps: 1e-5, tieEmbeddings: true, notHonoured: [] },
});

describe('plan at 460 GB/s and 300 MHz', () => {
  const bitsPerCycle = (8 * 460e9) / 300e6;
  const formats = { numerics: defaultNumerics.scan, state: defaultNumerics.state };
  it('the fewest lanes that hide behind the weights', () => {
    const models = { '780M': config(1536, 48), '1.3B': config(2048, 48), '2.7B': config(2560, 64) };
    const plans = Object.entries(models).map(([name, model]) => {
      const {
        parameters: p,
        cycles,
        weightCycles,
        busy,
        resources,
        state,
        buffers,
      } = planScan(model, bitsPerCycle, formats);
      expect(cycles).toBeLessThanOrEqual(weightCycles);
      const memories = `state ${state.uram} URAM or ${state.bram36} BRAM36, buffers ${buffers.bram36} BRAM36`;
      const share = `busy ${(100 * busy).toFixed(1)} %`;
      const { lut, ff, dsp } = resources!;
      return `${name}: L ${p.lanes} Q ${p.rows}, ${cycles} of ${weightCycles} cycles, ${share}, ${lut} LUT, ${ff} FF, ${dsp} DSP, ${memories}`;
    });
    expect(plans).toMatchInlineSnapshot(`
      [
        "780M: L 32 Q 11, 55296 of 57220 cycles, busy 97.0 %, 132500 LUT, 160970 FF, 726 DSP, state 564 URAM or 4266 BRAM36, buffers 133 BRAM36",
        "1.3B: L 128 Q 2, 98304 of 101040 cycles, busy 100.0 %, 89942 LUT, 114096 FF, 516 DSP, state 720 URAM or 5502 BRAM36, buffers 143 BRAM36",
        "2.7B: L 16 Q 13, 204800 of 209644 cycles, busy 98.5 %, 91165 LUT, 102713 FF, 442 DSP, state 1207 URAM or 9300 BRAM36, buffers 78 BRAM36",
      ]
    `);
  });

  it('refuses a bandwidth that the most lanes cannot keep up with', () => {
    expect(() => planScan(config(2560, 64), 100_000, formats)).toThrow('more, for 100000 bits per cycle');
  });
});
