/** The nonlinear units: error at every argument, and what they take on UltraScale+, beside published ones. */
import { type Design, printVerilog } from '../../gen/index.ts';
import { exp2Fixed, rsqrtFixed, siluFixed, softplusFixed, type Table } from '../../golden/fixed/index.ts';
import { type CurveName, curves, exp2Unit, rsqrtUnit, siluUnit, sizedTable, softplusUnit } from '../../hw/index.ts';
import { type Synthesis, synthesize } from '../../sim/index.ts';

export interface NonlinearUnit {
  readonly name: CurveName;
  /** What its error is asked to be at most: golden's contract, or coarser. */
  readonly bound: number;
  readonly segments: number;
  readonly error: number;
  readonly area: Synthesis;
}

const makers: Readonly<Record<CurveName, (error?: number) => Design>> = {
  softplus: (error) => softplusUnit(20, error) as Design,
  silu: (error) => siluUnit(20, error) as Design,
  exp2: (error) => exp2Unit(21, error) as Design,
  rsqrt: (error) => rsqrtUnit(error) as Design,
};

/** golden's own table at the bounds of its contracts, and the smallest at those that the models need. */
const asked: readonly (readonly [CurveName, number, 'golden' | 'sized'])[] = [
  ['softplus', 2 ** -16, 'golden'],
  ['softplus', 2 ** -12, 'sized'],
  ['silu', 2 ** -15, 'golden'],
  ['silu', 2 ** -12, 'sized'],
  ['exp2', 2 ** -16, 'golden'],
  ['exp2', 2 ** -12, 'sized'],
  ['rsqrt', 2 ** -16, 'golden'],
  ['rsqrt', 2 ** -14, 'sized'],
];

export async function nonlinearUnits(progress: (line: string) => void): Promise<NonlinearUnit[]> {
  const units: NonlinearUnit[] = [];
  for (const [name, bound, kind] of asked) {
    progress(`${name} within ${bound}`);
    const table = kind === 'golden' ? curves[name].golden : sizedTable(name, bound).table;
    const design = makers[name](kind === 'golden' ? undefined : bound);
    const area = await synthesize(printVerilog(design), { target: 'xcup' });
    units.push({ name, bound, segments: table.values.length - 1, error: worst(name, table), area });
  }
  return units;
}

const one = 2 ** 16;

/** Over every 20-bit argument (2^-t: 21 bits; rsqrt: 2^20 mantissas from 1/4 to 1, relative). */
function worst(name: CurveName, table: Table): number {
  const over = (from: number, to: number, error: (x: number) => number): number => {
    let most = 0;
    for (let x = from; x < to; x++) most = Math.max(most, error(x));
    return most;
  };
  const half = 2 ** 19;
  switch (name) {
    case 'softplus':
      return over(-half, half, (x) => {
        const real = Math.max(x / one, 0) + Math.log1p(Math.exp(-Math.abs(x / one)));
        return Math.abs(softplusFixed(x, table) / 2 ** 20 - real);
      });
    case 'silu':
      return over(-half, half, (x) => Math.abs(siluFixed(x, table) / one - x / one / (1 + Math.exp(-x / one))));
    case 'exp2':
      return over(0, 2 ** 21, (t) => Math.abs(exp2Fixed(t, table) / one - 2 ** (-t / one)));
    case 'rsqrt':
      return over(2 ** 18, 2 ** 20, (x) => {
        const { mantissa, exponent } = rsqrtFixed(BigInt(x), table);
        return Math.abs(mantissa * 2 ** (-16 - exponent) * Math.sqrt(x) - 1);
      });
  }
}

/** The decay's distance from 1, 1 - a, which says how long a head remembers: its largest relative error where it is at least `from`. */
export function memoryError(table: Table, from: number): number {
  let most = 0;
  for (let t = 1; t < 2 ** 20; t++) {
    const real = -Math.expm1((-Math.LN2 * t) / one);
    if (real < from) continue;
    most = Math.max(most, Math.abs((1 - exp2Fixed(t, table) / one) / real - 1));
  }
  return most;
}

/** Published units that come nearest: LUTs (of an ALM: two), DSP blocks, and the error they state, which if it is a mean is less than their largest. */
export const published: readonly {
  readonly what: string;
  readonly beside: readonly CurveName[];
  readonly lut: number;
  readonly dsp: number;
  readonly error: number;
}[] = [
  {
    what: 'exp, single precision, Intel FP_FUNCTIONS on Arria V (user guide 683750): 718 ALM, 2 DSP, relative error 2^-23',
    beside: ['exp2'],
    lut: 1436,
    dsp: 2,
    error: 2 ** -23,
  },
  {
    what: 'exp base 2, single precision, the same: 345 ALM, 2 DSP, relative error 2^-23',
    beside: ['exp2'],
    lut: 690,
    dsp: 2,
    error: 2 ** -23,
  },
  {
    what: 'sigmoid, 16 bits, mixed-radix CORDIC on Virtex-7 (2026): 835 LUT, 0 DSP, mean error 4.23e-4',
    beside: ['silu', 'softplus', 'exp2'],
    lut: 835,
    dsp: 0,
    error: 4.23e-4,
  },
  {
    what: 'sigmoid, 16 bits, polynomials on Cyclone V (preprints.org 202509.1933): 0.04 % of the logic, 3.21 % of the DSP blocks (23 ALM, 5), mean error 1.66e-3',
    beside: ['silu', 'softplus', 'exp2'],
    lut: 46,
    dsp: 5,
    error: 1.66e-3,
  },
];
