/** Jobs from a trained model on real text: the activations of every layer, as the units will see them. */
import {
  biasBits,
  binaryMatmul,
  chooseUnits,
  largest,
  maxAbs,
  type Numerics,
  observeRanges,
  quantizeActivations,
  quantizeScan,
  type RealScan,
  realOutputs,
  type ScanShape,
  scanToken,
} from '../golden/fixed/index.ts';
import { type BinaryProjection, type Capture, capture, type Layer, type Model, scaleIndex } from '../golden/index.ts';
import { type Deviation, DeviationMeter, type MatmulJob, type ScanJob, type Tolerance } from './job.ts';
import { VerifyProblem } from './problem.ts';

export interface ModelJobs {
  readonly matmul: readonly MatmulJob[];
  readonly scan: readonly ScanJob[];
  readonly deviations: readonly Deviation[];
  /** Values that the scan's formats clamped; must be 0. */
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
  const scan: ScanJob[] = [];
  const deviations: Deviation[] = [];
  let saturations = 0;
  model.layers.forEach((layer, index) => {
    for (const which of units.includes('matmul') ? (['in_proj', 'out_proj'] as const) : []) {
      const made = projectionJobs(layer, index, which, seen, tokens.length, numerics);
      matmul.push(...made.jobs);
      deviations.push(...made.deviations);
      saturations += made.saturations;
    }
    if (!units.includes('scan')) return;
    const made = scanJobs(model, index, seen, tokens.length, numerics);
    scan.push(...made.jobs);
    deviations.push(made.deviation);
    saturations += made.saturations;
  });
  return { matmul, scan, deviations, saturations };
}

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

const sides = {
  in_proj: { weights: (l: Layer) => l.inProj, input: 'norm_out', output: 'in_proj_out' },
  out_proj: { weights: (l: Layer) => l.outProj, input: 'gated_norm_out', output: 'out_proj_out' },
};

function projectionJobs(
  layer: Layer,
  index: number,
  which: keyof typeof sides,
  seen: Capture,
  length: number,
  numerics: Numerics,
): { jobs: MatmulJob[]; deviations: Deviation[]; saturations: number } {
  const side = sides[which];
  const projection = side.weights(layer);
  if (projection.kind !== 'binary') throw notBinary(`layer ${index} ${which}`);
  let saturations = 0;
  const group = `layer ${index} ${which}`;
  const meter = new DeviationMeter();
  const jobs = Array.from({ length }, (_, t): MatmulJob => {
    const x = row(seen, `layers.${index}.${side.input}`, t);
    const activations = quantizeActivations(projection, x, numerics.matmul);
    const expected = binaryMatmul(projection, activations, numerics.matmul);
    const real = realOutputs(projection, x, activations, expected, numerics.matmul);
    meter.add(real, row(seen, `layers.${index}.${side.output}`, t), tolerance(projection, x, numerics));
    saturations += Math.abs(activations.bias) >= largest(biasBits(projection.cols, numerics.matmul)) ? 1 : 0;
    return { group, label: `${group}, token ${t}`, matrix: projection, activations, expected };
  });
  return { jobs, deviations: [meter.result(group)], saturations };
}

/**
 * What quantization may cost, from the float data alone: the unit is at most twice the largest activation over the largest
 * integer, every activation is off by at most half of it, and independent errors add up like noise (uniform: unit / sqrt 12
 * each). Row scales multiply both.
 */
function tolerance(p: BinaryProjection, x: ArrayLike<number>, numerics: Numerics): Tolerance {
  const perRow = p.pattern === 'row';
  const input = Array.from({ length: p.cols }, (_, i) => x[i]! * (perRow ? 1 : p.wscale[scaleIndex(p, 0, i)]!));
  const scale = perRow ? maxAbs(p.wscale) : 1;
  const unit = ((2 * maxAbs(input)) / largest(numerics.matmul.activationBits)) * scale;
  return { bound: (p.cols / 2 + 1) * unit, noise: 1.5 * unit * Math.sqrt(p.cols / 12) };
}

const notBinary = (where: string): VerifyProblem =>
  new VerifyProblem(
    'not-binary',
    'the matmul array takes binary weights',
    where,
    '1-bit weights',
    'full-precision weights',
    'verify --unit scan',
  );

/** The fixed-point scan stays within this share of the layer's largest |y|: a 16-bit state and 16-bit inputs. */
const scanBound = 2 ** -9;

function scanJobs(
  model: Model,
  index: number,
  seen: Capture,
  length: number,
  numerics: Numerics,
): { jobs: ScanJob[]; deviation: Deviation; saturations: number } {
  const { config } = model;
  const d = model.layers[index]!.d;
  const f = numerics.scan;
  const shape: ScanShape = {
    heads: config.nHeads,
    headDim: config.headDim,
    dState: config.dState,
    groups: config.nGroups,
  };
  const at = (name: string, t: number): Float32Array => row(seen, `layers.${index}.${name}`, t);
  const tokens = Array.from(
    { length },
    (_, t): RealScan => ({ dt: at('dt', t), decay: at('dA', t), x: at('x', t), b: at('B', t), c: at('C', t) }),
  );
  const ranges = observeRanges(shape, tokens, d);
  const units = chooseUnits(ranges, d, f);
  const state = new Int32Array(config.dInner * config.dState);
  const saturated = { step: 0, state: 0, output: 0 };
  let clamped = 0;
  const group = `layer ${index} scan`;
  const meter = new DeviationMeter();
  const bound = scanBound * ranges.y;
  const jobs = tokens.map((token, t): ScanJob => {
    const input = quantizeScan(token, units, d, f);
    const expected = scanToken(shape, input, state, f, saturated);
    const real = Array.from(expected, (y) => y * 2 ** units.y);
    meter.add(real, at('scan_out', t), { bound, noise: bound });
    clamped += input.heads.filter((h) => h.dt >= 2 ** f.dtBits - 1).length;
    return { group, label: `${group}, token ${t}`, shape, slot: index, clear: t === 0, input, expected };
  });
  return {
    jobs,
    deviation: meter.result(group),
    saturations: clamped + saturated.step + saturated.state + saturated.output,
  };
}
