/** The middle of a mixer against the fixed-point model: whole models of awkward shapes. */
import { join } from 'node:path';
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import {
  type Calibration,
  calibrate,
  defaultNumerics,
  fixModel,
  loadModel,
  type Numerics,
  readConfig,
} from '../golden/index.ts';
import {
  AWKWARD,
  type SyntheticSpec,
  scratchDir,
  syntheticCheckpoint,
  writeCheckpoint,
} from '../golden/testing/synthetic.ts';
import { type Choices, mixerUnit, unitParameters } from '../hw/index.ts';
import { createRandom } from '../sim/index.ts';
import { mixerBench } from '../verify/bench-mixer.ts';
import { runFixed } from '../verify/fixed-run.ts';
import { type ClampedFormat, clampedFormats, type MixerJob, modelMixerJobs } from '../verify/golden-mixer.ts';
import { cornerMixerJobs } from '../verify/jobs-corner-mixer.ts';
import { runUnit } from './unit.ts';

/** What follows from values that would be clamped themselves: ranges of every other layer. */
const derived = new Set(['x', 'b', 'c', 'y', 'gated']);

/** A calibration that has seen only 1 / factor of the ranges: of what enters the mixer in even layers, of what follows from it in odd ones. */
const squeezed = ({ residual, layers }: Calibration, factor: number): Calibration => ({
  residual,
  layers: layers.map((ranges, i) => {
    const seen = (name: string, range: number): number =>
      derived.has(name) === (i % 2 === 1) ? range / factor : range;
    const { state, ...others } = ranges;
    const narrow = Object.fromEntries(Object.entries(others).map(([name, range]) => [name, seen(name, range)]));
    return { ...(narrow as typeof others), state: state.map((s) => seen('state', s)) };
  }),
});

async function made(
  spec: SyntheticSpec,
  choices: Choices,
  tokens: number,
  squeeze: number,
  numerics: Numerics = defaultNumerics,
) {
  using dir = scratchDir();
  const model = await loadModel(writeCheckpoint(join(dir.path, 'model'), syntheticCheckpoint(spec, 3)));
  const random = createRandom(17);
  const text = Array.from({ length: tokens }, () => random.below(spec.vocabSize));
  const calibration: Calibration = squeezed(calibrate(model, [text]), squeeze);
  const fixed = fixModel(model, calibration, numerics);
  const run = runFixed(fixed, text);
  const { clamped } = run;
  return { clamped, jobs: modelMixerJobs(fixed, run), p: unitParameters(model.config, choices, numerics).mixer };
}

const choices = (mixerLanes: number, scanLanes: number, scanRows: number, columns: number): Choices => ({
  ...{ lanes: 4, columns, mixerLanes, scanLanes, scanRows },
});
const spec = (dModel: number, headDim: number, dState: number, nGroups: number): SyntheticSpec => ({
  ...AWKWARD,
  ...{ dModel, headDim, dState, nGroups, nLayer: 2 },
});

/** dModel, headDim, dState, groups; P, L, Q, K. */
const shapes = [
  [AWKWARD.dModel, 5, 7, 2, 4, 8, 2, 6],
  [16, 8, 8, 1, 8, 4, 3, 32],
  [32, 8, 16, 8, 4, 16, 1, 16],
  [48, 32, 33, 3, 16, 8, 4, 10],
  [64, 128, 256, 1, 8, 32, 2, 24],
  [6, 1, 1, 4, 2, 1, 1, 1],
] as const;

/** Formats that text can be too large for. */
const formats = ['z', 'xbc', 'dt_in', 'conv', 'b', 'c', 'x', 'output', 'gated'] as const;
/** What the fixed-point model calls them. */
const goldenName = (name: string): string => (name === 'b' || name === 'c' ? name.toUpperCase() : name);

const sumOf = (jobs: readonly MixerJob[], name: ClampedFormat): number =>
  jobs.reduce((sum, j) => sum + j.clamped[name], 0);

describe('mixer', () => {
  it.each(shapes)(
    'd_model %i, headdim %i, d_state %i, groups %i; P %i, L %i, Q %i, K %i: equals golden with stalls, saturations counted',
    async (dModel, headDim, dState, groups, lanes, scanLanes, scanRows, columns) => {
      const { jobs, clamped, p } = await made(
        spec(dModel, headDim, dState, groups),
        choices(lanes, scanLanes, scanRows, columns),
        4,
        groups === 2 ? 16 : 1,
      );
      for (const name of formats) {
        const count = sumOf(jobs, name);
        expect([name, count]).toEqual([name, clamped[goldenName(name)] ?? 0]);
        if (groups === 2) expect([name, count]).not.toEqual([name, 0]);
      }
      expect(runUnit(mixerUnit(p), 'mixer', mixerBench(jobs, p), 0.3).wrong).toEqual([]);
    },
  );

  it.each(shapes)(
    'd_model %i, headdim %i, d_state %i, groups %i; P %i, L %i, Q %i, K %i: equals golden in corner cases of all its parts',
    async (dModel, headDim, dState, groups, lanes, scanLanes, scanRows, columns) => {
      const { p } = await made(
        spec(dModel, headDim, dState, groups),
        choices(lanes, scanLanes, scanRows, columns),
        1,
        1,
      );
      const jobs = cornerMixerJobs(p, createRandom(5), 12);
      expect(runUnit(mixerUnit(p), 'mixer', mixerBench(jobs, p), 0.1).wrong).toEqual([]);
      // Steps are never clamped where they have an exponent of their own.
      if (groups === 2)
        for (const name of clampedFormats)
          if (name !== 'step') expect([name, sumOf(jobs, name)]).not.toEqual([name, 0]);
    },
  );

  it.each([
    ['narrow', { inputBits: 15, outputBits: 20 }, { gateBits: 12, rateBits: 12, gatedBits: 18, projectedBits: 14 }],
    ['wide', { inputBits: 12, dtBits: 26 }, { gateBits: 20, rateBits: 27, gatedBits: 24 }],
  ])('in other formats, %s: equals golden', async (_, scan, mixer) => {
    const numerics: Numerics = {
      ...defaultNumerics,
      scan: { ...defaultNumerics.scan, ...scan },
      mixer: { ...defaultNumerics.mixer, ...mixer },
    };
    const { jobs, p } = await made(spec(32, 8, 16, 2), choices(4, 8, 2, 8), 4, 1, numerics);
    const corners = cornerMixerJobs(p, createRandom(7), 4);
    expect(runUnit(mixerUnit(p), 'mixer', mixerBench([...jobs, ...corners], p), 0.2).wrong).toEqual([]);
  });

  it('refuses formats and parts with the bound', async () => {
    const p = unitParameters(await readConfig('models/nano/config.json'), choices(2, 2, 1, 8), defaultNumerics).mixer;
    const formats = (mixer: Partial<Numerics['mixer']>, scan: Partial<Numerics['scan']> = {}) => {
      const { numerics: n } = p;
      const numerics = { ...n, mixer: { ...n.mixer, ...mixer }, scan: { ...n.scan, ...scan } };
      return () => mixerUnit({ ...p, numerics });
    };
    const whole = 'expected a whole number from';
    expect(formats({ rateBits: 1 })).toThrow(`numerics.mixer.rateBits = 1; ${whole} 2 to 29`);
    expect(formats({ rateBits: 20 }, { dtBits: 2 })).toThrow(`numerics.mixer.rateBits = 20; ${whole} 21 to 32`);
    expect(formats({ gateBits: 30 })).toThrow(`numerics.mixer.gateBits = 30; ${whole} 2 to 29`);
    expect(formats({ gatedBits: 25 })).toThrow(`numerics.mixer.gatedBits = 25; ${whole} 2 to 24`);
    expect(formats({}, { decayFraction: 20 })).toThrow('numerics.scan.decayFraction = 20; expected 16');
    expect(formats({ convBits: 12 })).toThrow("conv.numerics.mixer.convBits = 16; expected the mixer's 12");
    expect(() => mixerUnit({ ...p, norm: { ...p.norm, lanes: 4 } })).toThrow("norm.lanes = 4; expected the mixer's 2");
    expect(() => mixerUnit({ ...p, segment: 7 })).toThrow('segment = 7; expected a divisor or multiple of the 8');
    expect(() => mixerUnit({ ...p, resultBits: 45 })).toThrow(`resultBits = 45; ${whole} 2 to 44`);
  });

  it('prints Verilog without a warning', async () => {
    for (const size of [shapes[0], shapes[1]]) {
      const [dModel, headDim, dState, groups, lanes, scanLanes, scanRows, columns] = size;
      const { p } = await made(
        spec(dModel, headDim, dState, groups),
        choices(lanes, scanLanes, scanRows, columns),
        1,
        1,
      );
      const { files, top } = printVerilog(mixerUnit(p));
      expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
    }
  });
});
