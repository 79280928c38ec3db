/** The cost model of arrays: fitted on what Yosys makes of some, checked on others. */
import { rename, writeFile } from 'node:fs/promises';
import { bundled } from '../../cli/bundled.ts';
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import { printVerilog } from '../../gen/index.ts';
import {
  type Costs,
  costName,
  matmulArray,
  type Resources,
  resources,
  type Sizes,
  structureOf,
} from '../../hw/index.ts';
import { synthesize } from '../../sim/index.ts';
import { measured } from '../bench.ts';
import { checked, fitted, type Sample } from './cost-samples.ts';
import { nonNegative } from './least-squares.ts';

const bound = 0.05;
const counted = ['lut', 'ff', 'carry', 'bram'] as const;
type Counts = Readonly<Record<(typeof counted)[number], number>>;

export interface Measurement {
  readonly sample: Sample;
  readonly counts: Counts;
}

/** Block RAMs in 36 Kbit: those of ECP5 have half as many. */
async function measure(sample: Sample, progress: Progress): Promise<Measurement & { version: string }> {
  const { parameters, target } = sample;
  const { lut, ff, carry, bram, version } = await synthesize(printVerilog(matmulArray(parameters)), {
    ...{ target, seconds: 3600 },
    progress: (line) => progress(`${nameOf(sample)}: ${line}`),
  });
  return { sample, counts: { lut, ff, carry, bram: target === 'ecp5' ? bram / 2 : bram }, version };
}

/** What distinguishes an array from the others. */
function nameOf({ target, parameters: p }: Sample): string {
  const { lanes, columns, tokens, planes, engine = 'popcount', activationPlanes: few } = p;
  const more = [
    ...(few === undefined ? [] : [`${few} planes at once`]),
    ...(tokens === 1 ? [] : [`${tokens} vectors`]),
    ...(planes === 1 ? [] : [`${planes} weight planes`]),
    ...(p.maxShift === 0 ? [] : [`shifts up to ${p.maxShift}`]),
    ...(p.storedRows && engine !== 'table' ? ['column-major'] : []),
  ];
  return [`${target}, ${engine} ${lanes} x ${columns}`, ...more].join(', ');
}

/** The coefficients of each target and engine: least squares of relative errors. */
export function costsOf(measurements: readonly Measurement[]): Record<string, Costs> {
  const nameOf = ({ sample }: Measurement): string => costName(sample.parameters, sample.target);
  const names = new Set(measurements.map(nameOf));
  return Object.fromEntries([...names].map((name) => [name, fitGroup(measurements.filter((m) => nameOf(m) === name))]));
}

function fitGroup(of: readonly Measurement[]): Costs {
  const structures = of.map(({ sample }) => structureOf(sample.parameters));
  const sharesOf = (what: keyof Costs, names: readonly (keyof Sizes)[]) => {
    const known = structures.map(({ cells }) => cells[what]);
    const rows = structures.map(({ sizes }, i) => names.map((n) => sizes[n] / of[i]!.counts[what]));
    const values = of.map(({ counts }, i) => 1 - known[i]! / counts[what]);
    const shares = nonNegative(rows, values);
    return Object.fromEntries(names.map((n, i) => [n, Number(shares[i]!.toFixed(4))]).filter(([, s]) => s !== 0));
  };
  return {
    lut: sharesOf('lut', [
      ...(['control', 'sums', 'recalled', 'results', 'selected', 'loaded', 'written', 'filled'] as const),
      ...(['shifters', 'planes', 'carries'] as const),
    ]),
    ff: sharesOf('ff', ['control', 'sums', 'results', 'loaded', 'filled', 'shifted', 'rounded', 'planes']),
    carry: sharesOf('carry', ['control', 'carries', 'sums', 'results', 'loaded', 'filled', 'shifted', 'planes']),
  };
}

/** |estimate / count - 1|, or 0 where there is none of it. */
const errorOf = (estimate: number, count: number): number => (count === 0 ? estimate : estimate / count - 1);

function compare({ sample, counts }: Measurement, judge: boolean): { figures: Figure[]; check: Check } {
  const estimate: Resources = resources(sample.parameters, sample.target);
  const errors = counted.map((what) => errorOf(estimate[what], counts[what]));
  const worst = Math.max(...errors.map(Math.abs));
  const shown = counted.map((what, i) => {
    const percent = `${errors[i]! < 0 ? '-' : '+'}${Math.abs(100 * errors[i]!).toFixed(1)} %`;
    return `${what} ${estimate[what]} for ${counts[what]} (${percent})`;
  });
  const name = nameOf(sample);
  return {
    figures: [measured(`cost.${name.replaceAll(/[^a-z0-9]+/g, '_')}.error`, worst, 'largest relative error')],
    check: {
      name: `${name}: estimate ${judge ? 'within 5 %' : 'in the fit'}`,
      ok: !judge || worst <= bound,
      detail: `${shown.join(', ')}; ratio ${(worst / bound).toFixed(2)}`,
    },
  };
}

const reportOn = (made: readonly Measurement[], judge: boolean, version: string): Report => {
  const compared = made.map((m) => compare(m, judge));
  return {
    figures: compared.flatMap((c) => c.figures),
    checks: compared.map((c) => c.check),
    skipped: [],
    tools: { yosys: { version, how: 'wasm' } },
  };
};

async function measureAll(samples: readonly Sample[], progress: Progress) {
  const made: Measurement[] = [];
  let version = '';
  for (const sample of samples) {
    const { version: of, ...one } = await measure(sample, progress);
    made.push(one);
    version = of;
  }
  return { made, version };
}

/** Estimates beside what Yosys counts, for arrays that are not in the fit. */
export async function cost(progress: Progress): Promise<Report> {
  const { made, version } = await measureAll(checked, progress);
  return reportOn(made, true, version);
}

/** Fits the coefficients anew and writes them where `resources` takes them from, with the version of Yosys; the next run has them. */
export async function costFit(progress: Progress): Promise<Report> {
  const { made, version } = await measureAll(fitted, progress);
  const file = bundled('hw/matmul/costs.json');
  await writeFile(`${file}.new`, costsText(costsOf(made), version));
  await rename(`${file}.new`, file);
  return { ...reportOn(made, false, version), text: `${file} has the coefficients of Yosys ${version}` };
}

export const costsText = (models: Record<string, Costs>, yosys: string): string =>
  `${JSON.stringify({ yosys, models }, null, 2)}\n`;
