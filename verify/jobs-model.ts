/** Jobs from a trained model on real text: the activations of every layer, as the units will see them. */
import {
  binaryMatmul,
  chooseUnits,
  type Numerics,
  observeRanges,
  quantizeActivations,
  quantizeScan,
  type RealScan,
  realOutputs,
  type ScanShape,
  scanToken,
} from '../golden/fixed/index.ts';
import { type Capture, capture, type Layer, type Model } from '../golden/index.ts';
import { type Deviation, DeviationMeter, type MatmulJob, type ScanJob } from './job.ts';

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
  const matmul: MatmulJob[] = [];
  const scan: ScanJob[] = [];
  const deviations: Deviation[] = [];
  let saturations = 0;
  model.layers.forEach((layer, index) => {
    for (const which of units.includes('matmul') ? (['in_proj', 'out_proj'] as const) : []) {
      const made = projectionJobs(layer, index, which, seen, tokens.length, numerics);
      matmul.push(...made.jobs);
      deviations.push(...made.deviations);
    }
    if (!units.includes('scan')) return;
    const made = scanJobs(model, index, seen, tokens.length, numerics);
    scan.push(...made.jobs);
    deviations.push(made.deviation);
    saturations += made.saturations;
  });
  return { matmul, scan, deviations, saturations };
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
): { jobs: MatmulJob[]; deviations: Deviation[] } {
  const side = sides[which];
  const projection = side.weights(layer);
  if (projection.kind !== 'binary') return { jobs: [], deviations: [] };
  const group = `layer ${index} ${which}`;
  const meter = new DeviationMeter();
  const jobs = Array.from({ length }, (_, t): MatmulJob => {
    const x = row(seen, `layers.${index}.${side.input}`, t);
    const activations = quantizeActivations(projection, x, numerics.matmul);
    const expected = binaryMatmul(projection, activations, numerics.matmul);
    const real = realOutputs(projection, x, activations, expected, numerics.matmul);
    // Every activation is off by at most half a unit (row scales multiply it), and so is the bias in its finer unit.
    const scale = projection.pattern === 'row' ? Math.max(...projection.wscale.map(Math.abs)) : 1;
    const bound = (projection.cols / 2 + 1) * 2 ** activations.exponent * scale;
    meter.add(real, row(seen, `layers.${index}.${side.output}`, t), bound);
    return { group, label: `${group}, token ${t}`, matrix: projection, activations, expected };
  });
  return { jobs, deviations: [meter.result(group)] };
}

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
  const group = `layer ${index} scan`;
  const meter = new DeviationMeter();
  const jobs = tokens.map((token, t): ScanJob => {
    const input = quantizeScan(token, units, d, f);
    const expected = scanToken(shape, input, state, f, saturated);
    meter.add(
      Array.from(expected, (y) => y * 2 ** units.y),
      at('scan_out', t),
      scanBound * ranges.y,
    );
    return { group, label: `${group}, token ${t}`, shape, slot: index, clear: t === 0, input, expected };
  });
  return { jobs, deviation: meter.result(group), saturations: saturated.step + saturated.state + saturated.output };
}
