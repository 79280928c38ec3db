/** Jobs of the projections of a trained model: their inputs from the float model, then golden's formats, tile by tile. */
import {
  exponentFor,
  type FixedProjection,
  groupResults,
  groupVector,
  largest,
  maxAbs,
  multiply,
  quantize,
  quantizeInput,
} from '../golden/fixed/index.ts';
import { type BinaryProjection, type FixedModel, type Model, scaleIndex, silu } from '../golden/index.ts';
import { type Deviation, DeviationMeter, type MatmulJob, type Tolerance } from './job.ts';
import { VerifyProblem } from './problem.ts';

/** What the float model showed of the layer, by name and token. */
export type Shown = (name: string, token: number) => Float32Array;

/** One side of a mixer: its matrix, its input in golden's units, and what the float model has behind its norm and behind the matrix. */
interface Side {
  readonly weights: (model: Model, index: number) => Model['layers'][number]['inProj'];
  readonly fixed: (model: FixedModel, index: number) => FixedProjection;
  readonly input: (model: FixedModel, index: number, shown: Shown, token: number) => Int32Array;
  readonly normed: string;
  readonly output: string;
}

const sides: Readonly<Record<'in_proj' | 'out_proj', Side>> = {
  in_proj: {
    weights: (model, index) => model.layers[index]!.inProj,
    fixed: (model, index) => model.layers[index]!.inProj,
    input: (model, _index, shown, t) =>
      Int32Array.from(shown('residual_in', t), (x) => quantize(x, model.residualUnit, model.numerics.residualBits)),
    normed: 'norm_out',
    output: 'in_proj_out',
  },
  out_proj: {
    weights: (model, index) => model.layers[index]!.outProj,
    fixed: (model, index) => model.layers[index]!.outProj,
    input: (model, index, shown, t) => {
      const z = shown('in_proj_out', t);
      const { gatedUnit } = model.layers[index]!;
      return Int32Array.from(shown('scan_out', t), (y, i) =>
        quantize(y * silu(z[i]!), gatedUnit, model.numerics.mixer.gatedBits),
      );
    },
    normed: 'gated_norm_out',
    output: 'out_proj_out',
  },
};

/** One job per token and group of columns with a norm of its own. */
export function projectionJobs(
  model: Model,
  fixedModel: FixedModel,
  index: number,
  which: keyof typeof sides,
  shown: Shown,
  tokens: number,
): { jobs: MatmulJob[]; deviation: Deviation; saturations: number } {
  const side = sides[which];
  const projection = side.weights(model, index);
  const group = `layer ${index} ${which}`;
  if (projection.kind !== 'binary') throw notBinary(group);
  const fixed = side.fixed(fixedModel, index);
  const { rowScale, rowBias } = fixed;
  const factors = rowScale && rowBias && { scale: rowScale.values, offset: rowBias.values };
  const clamped: Record<string, number> = {};
  const meter = new DeviationMeter();
  const jobs: MatmulJob[] = [];
  for (let t = 0; t < tokens; t++) {
    const input = quantizeInput(fixed, side.input(fixedModel, index, shown, t), clamped);
    for (let g = 0; g < fixed.groups; g++) {
      const expected = groupResults(fixed, input, g);
      const label = `${group}, token ${t}${fixed.groups > 1 ? `, group ${g}` : ''}`;
      const { matrix } = fixed;
      const vectors = [{ ...groupVector(fixed, input, g), bias: input.bias[g]! }];
      jobs.push({ group, label, matrix, factors, coding: 'signs', order: 'row-major', vectors, expected: [expected] });
    }
    const float = shown(side.output, t);
    const unit = exponentFor(maxAbs(float), resultBits);
    const product = multiply(fixed, input);
    const real = Float64Array.from(float, (_, o) => product(o, unit) * 2 ** unit);
    meter.add(real, float, tolerance(projection, shown(side.normed, t), fixed.activationBits));
  }
  const saturations = Object.values(clamped).reduce((sum, n) => sum + n, 0);
  return { jobs, deviation: meter.result(group), saturations };
}

/** Results are compared with the float model's to so many bits. */
const resultBits = 24;

/**
 * What quantization may cost, from the float data alone: the unit is at most twice the largest activation over the largest
 * integer, every activation is off by at most half of it, and independent errors add up like noise (uniform: unit / sqrt 12
 * each). Row scales multiply both.
 */
function tolerance(p: BinaryProjection, x: ArrayLike<number>, activationBits: number): Tolerance {
  const perRow = p.pattern === 'row';
  const input = Array.from({ length: p.cols }, (_, i) => x[i]! * (perRow ? 1 : p.wscale[scaleIndex(p, 0, i)]!));
  const scale = perRow ? maxAbs(p.wscale) : 1;
  const unit = ((2 * maxAbs(input)) / largest(activationBits)) * scale;
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
