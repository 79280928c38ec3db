/** The smallest table of straight lines that keeps a function within an error bound. */
import {
  DECAY_FRACTION,
  exp2Table,
  FUNCTION_FRACTION,
  RSQRT_FRACTION,
  rsqrtTable,
  SOFTPLUS_FRACTION,
  siluTail,
  softplusTail,
  type Table,
} from '../../golden/fixed/index.ts';
import { HardwareProblem } from '../problem.ts';

/** What a table stands for, in the units of its argument and of its values. */
interface Curve {
  /** Arguments 0 to end. */
  readonly end: number;
  readonly at: (argument: number) => number;
  /** The error that counts: of a value beside the true one, in the unit of the bound. */
  readonly error: (value: number, exact: number) => number;
  /** What rounding behind the table adds to it. */
  readonly after: number;
  /** Of golden, which keeps the function's contract. */
  readonly golden: Table;
}

const one = 2 ** FUNCTION_FRACTION;
const absolute =
  (fraction: number) =>
  (value: number, exact: number): number =>
    Math.abs(value - exact) / 2 ** fraction;
const exp2Fraction = Math.log2(exp2Table.values[0]!);

/** softplus and SiLU by what is left of max(x, 0), 2^-t by its fraction, 1/sqrt from 1/4 to 1. */
export const curves = {
  softplus: {
    end: 16 * one,
    at: (t) => Math.log1p(Math.exp(-t / one)) * 2 ** SOFTPLUS_FRACTION,
    error: absolute(SOFTPLUS_FRACTION),
    after: 0,
    golden: softplusTail,
  },
  silu: {
    end: 16 * one,
    at: (t) => t / (1 + Math.exp(t / one)),
    error: absolute(FUNCTION_FRACTION),
    after: 0,
    golden: siluTail,
  },
  exp2: {
    end: one,
    at: (t) => 2 ** (exp2Fraction - t / one),
    error: absolute(exp2Fraction),
    after: 2 ** -(DECAY_FRACTION + 1),
    golden: exp2Table,
  },
  rsqrt: {
    end: 3 * 2 ** 22,
    at: (t) => 2 ** RSQRT_FRACTION / Math.sqrt((t + 2 ** 22) / 2 ** 24),
    error: (value, exact) => Math.abs(value / exact - 1),
    after: 0,
    golden: rsqrtTable,
  },
} satisfies Record<string, Curve>;
export type CurveName = keyof typeof curves;

export interface SizedTable {
  readonly table: Table;
  /** The largest error at any argument, of the unit with this table; for softplus and SiLU 2^-23 more behind the table's end. */
  readonly error: number;
}

/**
 * The fewest segments, a power of two in the function's unit, and then the coarsest values, whose error is at most `bound`: absolute,
 * for rsqrt relative. Throws a `HardwareProblem` where golden's table is not fine enough either.
 */
export function sizedTable(name: CurveName, bound: number): SizedTable {
  const curve = curves[name];
  const exact = samplesOf(curve);
  for (let stepBits = Math.log2(one) + 4; stepBits >= 2; stepBits--) {
    if (curve.end % 2 ** stepBits !== 0 || curve.end < 2 * 2 ** stepBits) continue;
    if (segmentError(curve, stepBits) > bound) continue;
    let best = measured(curve, exact, sampled(curve, stepBits, 0));
    if (best.error > bound) continue;
    for (let unit = 1; unit < stepBits; unit++) {
      const coarser = measured(curve, exact, sampled(curve, stepBits, unit));
      if (coarser.error > bound) break;
      best = coarser;
    }
    return best;
  }
  const least = measured(curve, exact, curve.golden).error;
  throw new HardwareProblem(name, 'error', `at least ${least.toExponential(2)}`, `${bound}`);
}

function sampled({ at, end }: Curve, stepBits: number, unit: number): Table {
  const values = Int32Array.from(
    { length: end / 2 ** stepBits + 1 },
    (_, i) => Math.floor(at(i * 2 ** stepBits) / 2 ** unit + 0.5) * 2 ** unit,
  );
  return { values, stepBits };
}

/** The error of unrounded lines in the middle of the segments: a lower bound that is quickly found. */
function segmentError({ at, end, error }: Curve, stepBits: number): number {
  const step = 2 ** stepBits;
  let most = 0;
  for (let t = 0; t < end; t += step) most = Math.max(most, error((at(t) + at(t + step)) / 2, at(t + step / 2)));
  return most;
}

/** Every argument, or of more than 2^20 as many, evenly. */
const strideOf = ({ end }: Curve): number => Math.ceil(end / 2 ** 20);

const samplesOf = (curve: Curve): Float64Array =>
  Float64Array.from({ length: Math.ceil(curve.end / strideOf(curve)) }, (_, i) => curve.at(i * strideOf(curve)));

/** The error of golden's interpolation. */
function measured(curve: Curve, exact: Float64Array, table: Table): SizedTable {
  const { values, stepBits } = table;
  const [step, stride] = [2 ** stepBits, strideOf(curve)];
  let most = 0;
  for (let n = 0; n < exact.length; n++) {
    const t = n * stride;
    const i = Math.floor(t / step);
    const value = values[i]! + Math.floor(((values[i + 1]! - values[i]!) * (t - i * step)) / step + 0.5);
    most = Math.max(most, curve.error(value, exact[n]!));
  }
  return { table, error: most + curve.after };
}
