/** Jobs from a trained model on real text: the activations of every layer, as the units will see them. */
import {
  type FixedProjection,
  groupResults,
  maxAbs,
  type Numerics,
  quantizeInput,
  type ScanInput,
  type ScanNumerics,
  type ScanShape,
  type ScanUnits,
} from '../golden/fixed/index.ts';
import { type Capture, calibrate, capture, type FixedModel, fixModel, type Model } from '../golden/index.ts';
import { convScaling, scaleShift } from '../hw/index.ts';
import { checkShown, type FixedRun, runFixed } from './fixed-run.ts';
import { type ConvJob, goldenConv } from './golden-conv.ts';
import { type MixerJob, modelMixerJobs } from './golden-mixer.ts';
import { type NormJob, normJob } from './golden-norm.ts';
import { type ResidualJob, residualJob } from './golden-residual.ts';
import { goldenScan } from './golden-scan.ts';
import { type Deviation, DeviationMeter, type MatmulJob, type ScanJob } from './job.ts';
import { projectionJobs, type Shown } from './jobs-projection.ts';
import { VerifyProblem } from './problem.ts';

export interface ModelJobs {
  readonly matmul: readonly MatmulJob[];
  readonly scan: readonly ScanJob[];
  readonly conv: readonly ConvJob[];
  readonly norm: readonly NormJob[];
  readonly residual: readonly ResidualJob[];
  readonly mixer: readonly MixerJob[];
  readonly deviations: readonly Deviation[];
  /** Values that the formats clamped; must be 0. */
  readonly saturations: number;
}

/** Row `t` of a captured tensor. */
function row(capture: Capture, name: string, t: number): Float32Array {
  const tensor = capture.get(name);
  if (tensor === undefined) throw new Error(`the float model did not show ${name}`);
  const width = tensor.shape[1]!;
  return tensor.values.subarray(t * width, (t + 1) * width);
}

/** Runs `tokens` through the float model and prepares every layer's projections and scan, token by token. */
export function modelJobs(
  model: Model,
  tokens: ArrayLike<number>,
  numerics: Numerics,
  units: readonly string[],
): ModelJobs {
  const seen = capture(model, tokens);
  checkFinite(seen);
  const matmul: MatmulJob[] = [];
  const deviations: Deviation[] = [];
  let saturations = 0;
  const fixed = fixModel(model, calibrate(model, [tokens]), numerics);
  model.layers.forEach((_, index) => {
    const shown: Shown = (name, t) => row(seen, `layers.${index}.${name}`, t);
    for (const which of units.includes('matmul') ? (['in_proj', 'out_proj'] as const) : []) {
      const made = projectionJobs(model, fixed, index, which, shown, tokens.length);
      matmul.push(...made.jobs);
      deviations.push(made.deviation);
      saturations += made.saturations;
    }
  });
  const fixedUnits = units.filter((u) => u !== 'matmul');
  if (fixedUnits.length === 0) return { ...noJobs, matmul, deviations, saturations };
  const wanted = (unit: string): boolean => units.includes(unit);
  const run = runFixed(fixed, tokens);
  const scan = wanted('scan') ? scanJobs(fixed, run) : { jobs: [], deviations: [] };
  return {
    matmul,
    scan: scan.jobs,
    conv: wanted('conv') ? convJobs(fixed, run) : [],
    norm: wanted('norm') ? normJobs(fixed, run) : [],
    residual: wanted('residual') ? residualJobs(fixed, run) : [],
    mixer: wanted('mixer') ? modelMixerJobs(fixed, run) : [],
    deviations: [...deviations, ...scan.deviations],
    saturations: saturations + Object.values(run.clamped).reduce((sum, n) => sum + n, 0),
  };
}

const noJobs = { matmul: [], scan: [], conv: [], norm: [], residual: [], mixer: [] };

/** Finite weights can still overflow: then nothing can be compared. */
function checkFinite(seen: Capture): void {
  for (const [name, { values }] of seen) {
    const at = values.findIndex((v) => !Number.isFinite(v));
    if (at < 0) continue;
    const remedy = 'check the checkpoint: its weights are finite, but what they compute is not';
    throw new VerifyProblem(
      'float-overflow',
      'the float model overflows',
      name,
      'finite values',
      `${values[at]} at element ${at}`,
      remedy,
    );
  }
}

/**
 * What rounding the state may cost, as a share of the layer's largest |y|: the elements of a row err independently by at most a
 * unit, 2^(2 - bits) of the row's largest, and what is left of it in later tokens adds up.
 */
const scanBound = ({ state, scan }: Numerics): number =>
  state.kind === 'row' ? 2 ** (3 - state.bits) : 2 ** (7 - scan.stateBits);

/** Every layer's scan as the fixed-point model runs it, calibrated on the same tokens. */
function scanJobs(fixed: FixedModel, shown: FixedRun): { jobs: ScanJob[]; deviations: Deviation[] } {
  const { numerics } = fixed;
  const place = { numerics: numerics.scan, state: numerics.state };
  const layers = fixed.layers.map((layer, index) => ({
    layer,
    group: `layer ${index} scan`,
    scan: goldenScan(fixed.shape, { slot: index, layer: index }, place),
    real: realScan(fixed.shape),
    pairs: [] as { fixed: number[]; real: Float64Array }[],
  }));
  const jobs: ScanJob[] = [];
  for (let t = 0; t < shown.tokens; t++) {
    layers.forEach(({ layer, group, scan, real, pairs }, index) => {
      const tap = shown.tapsOf(index, t);
      const heads = layer.heads.map((head, h) => ({ ...head, dt: tap('dt')[h]!, decay: tap('dA')[h]! }));
      const input = { heads, x: tap('x'), b: tap('B'), c: tap('C') };
      const job = scan.next(input, { group, label: `${group}, token ${t}` });
      checkShown(job.label, job.expected, tap('scan_out'));
      jobs.push(job);
      const y = Array.from(job.expected, (v) => v * 2 ** layer.scanUnits.y);
      pairs.push({ fixed: y, real: real.next(input, layer.scanUnits, numerics.scan) });
    });
  }
  const deviations = layers.map(({ group, pairs }) => {
    const bound = scanBound(numerics) * Math.max(...pairs.map((p) => maxAbs(p.real)));
    const meter = new DeviationMeter();
    for (const p of pairs) meter.add(p.fixed, p.real, { bound, noise: bound / 4 });
    return meter.result(group);
  });
  return { jobs, deviations };
}

/** Every layer's convolution as the fixed-point model runs it. */
function convJobs(fixed: FixedModel, shown: FixedRun): ConvJob[] {
  const layers = fixed.layers.map((layer, index) => ({
    layer: { convolution: layer.convolution, scaling: convScaling(layer) },
    conv: goldenConv(fixed.shape, index, layer.convolution.taps, fixed.numerics),
  }));
  return Array.from({ length: shown.tokens }, (_, t) =>
    layers.map(({ layer, conv }, index) => {
      const tap = shown.tapsOf(index, t);
      const group = `layer ${index} conv`;
      const job = conv.next({ ...layer, xbc: tap('xbc'), z: tap('z') }, { group, label: `${group}, token ${t}` });
      const activated = ['x', 'B', 'C'].flatMap((name) => [...tap(name as 'x')]);
      checkShown(job.label, job.activated, Int32Array.from(activated));
      return job;
    }),
  ).flat();
}

/** What enters every layer's projections. */
function normJobs({ config, layers }: FixedModel, shown: FixedRun): NormJob[] {
  return Array.from({ length: shown.tokens }, (_, t) =>
    layers.flatMap((layer, index) => {
      const tap = shown.tapsOf(index, t);
      const job = (what: string, projection: FixedProjection, packet: number, x: Int32Array) =>
        normJob(projection, packet, x, {
          group: `layer ${index} ${what}`,
          label: `layer ${index} ${what}, token ${t}`,
        });
      return [
        job('input of in_proj', layer.inProj, config.dModel, tap('residual_in')),
        job('input of out_proj', layer.outProj, config.headDim, tap('gated')),
      ];
    }),
  ).flat();
}

/** Every layer's out_proj on the residual stream: the results of the matrix, and what the next layer finds. */
function residualJobs({ layers, residualUnit, numerics }: FixedModel, shown: FixedRun): ResidualJob[] {
  return Array.from({ length: shown.tokens }, (_, t) =>
    layers.map(({ outProj }, index) => {
      const tap = shown.tapsOf(index, t);
      const input = quantizeInput(outProj, tap('gated'), {});
      const groups = input.rms.map(({ mantissa, exponent }, g) => ({
        y: groupResults(outProj, input, g),
        mantissa,
        shift: exponent - input.top[g]!,
      }));
      const group = `layer ${index} residual`;
      const base = scaleShift(outProj, residualUnit, numerics.norm.weightBits);
      const label = { group, label: `${group}, token ${t}` };
      const job = residualJob(base, groups, tap('residual_in'), numerics.residualBits, label);
      if (index + 1 < layers.length) checkShown(job.label, job.expected, shown.tapsOf(index + 1, t)('residual_in'));
      return job;
    }),
  ).flat();
}

/** The recurrence on the contract's inputs in double precision, from a cleared state. */
function realScan({ heads, headDim, dState, groups }: ScanShape) {
  const s = new Float64Array(heads * headDim * dState);
  return {
    next: ({ heads: scalars, x, b, c }: ScanInput, units: ScanUnits, f: ScanNumerics): Float64Array =>
      Float64Array.from(x, (value, row) => {
        const h = Math.floor(row / headDim);
        const { decay, dt, direct } = scalars[h]!;
        const bc = Math.floor((h * groups) / heads) * dState;
        const real = value * 2 ** units.x;
        let y = direct * value * 2 ** (units.y - f.directFraction);
        for (let n = 0; n < dState; n++) {
          const driven = dt * 2 ** -f.dtFraction * real * b[bc + n]! * 2 ** units.b;
          const next = decay * 2 ** -f.decayFraction * s[row * dState + n]! + driven;
          s[row * dState + n] = next;
          y += c[bc + n]! * 2 ** units.c * next;
        }
        return y;
      }),
  };
}
