/** Cost models of units (hw/cost.ts): their shares fitted on what Yosys counts, and their estimates beside counts that were not in the fit. */
import { rename, writeFile } from 'node:fs/promises';
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import { type Design, printVerilog } from '../../gen/index.ts';
import { type Cells, type Costs, estimateOf, type Structure } from '../../hw/cost.ts';
import { type CellCounts, cellCounts, type SynthesisTarget } from '../../sim/index.ts';
import { measured } from '../bench.ts';
import { nonNegative } from './least-squares.ts';

/** A unit to map. */
export interface Sample<Size extends string> {
  readonly name: string;
  /** Which model it is of. */
  readonly model: string;
  readonly target: SynthesisTarget;
  design(): Design;
  structure(): Structure<Size>;
  /** What the model of today says. */
  estimate(): Estimate;
}

/** What is compared; block RAMs of 36 Kbit. */
const compared = ['lut', 'ff', 'carry', 'bram', 'dsp'] as const;
export type Estimate = Readonly<Record<(typeof compared)[number], number>>;

export interface Measurement<Size extends string> {
  readonly sample: Sample<Size>;
  readonly counts: CellCounts;
}

/** Maps every sample; those that were mapped before are read from the cache. */
async function measureAll<Size extends string>(
  samples: readonly Sample<Size>[],
  progress: Progress,
): Promise<Measurement<Size>[]> {
  const made: Measurement<Size>[] = [];
  for (const [i, sample] of samples.entries()) {
    const at = `${i + 1} of ${samples.length}, ${sample.name}`;
    progress(at);
    const counts = await cellCounts(printVerilog(sample.design()), {
      ...{ target: sample.target, seconds: 3600 },
      progress: (line) => progress(`${at}: ${line}`),
    });
    // ECP5 has blocks of 18 Kbit
    made.push({ sample, counts: sample.target === 'ecp5' ? { ...counts, bram: counts.bram / 2 } : counts });
  }
  return made;
}

/** Which sizes the cells of each kind depend on. */
export type Terms<Size extends string> = Readonly<Record<keyof Cells, readonly Size[]>>;

/** The shares of every model: least squares of relative errors. */
export function fitAll<Size extends string>(
  measurements: readonly Measurement<Size>[],
  terms: Terms<Size>,
): Record<string, Costs<Size>> {
  const names = new Set(measurements.map(({ sample }) => sample.model));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      sharesOf(
        measurements.filter(({ sample }) => sample.model === name),
        terms,
      ),
    ]),
  );
}

function sharesOf<Size extends string>(of: readonly Measurement<Size>[], terms: Terms<Size>): Costs<Size> {
  const structures = of.map(({ sample }) => sample.structure());
  const shares = (what: keyof Cells) => {
    const names = terms[what];
    const rows = structures.map(({ sizes }, i) => names.map((n) => sizes[n] / of[i]!.counts[what]));
    const values = structures.map(({ cells }, i) => 1 - cells[what] / of[i]!.counts[what]);
    const found = nonNegative(rows, values);
    const pairs = names.map((n, i) => [n, Number(found[i]!.toFixed(4))] as const);
    return Object.fromEntries(pairs.filter(([, share]) => share !== 0)) as Costs<Size>[typeof what];
  };
  return { lut: shares('lut'), ff: shares('ff'), carry: shares('carry') };
}

/** |estimate / count - 1|; infinite where there is an estimate of what there is none of. */
const errorOf = (estimate: number, count: number): number => (estimate === count ? 0 : estimate / count - 1);

/** Largest error that is allowed. */
const bound = 0.05;

function compare<Size extends string>({
  sample,
  counts,
}: Measurement<Size>): {
  readonly figure: Figure;
  readonly check: Check;
} {
  const estimate = sample.estimate();
  const errors = compared.map((what) => errorOf(estimate[what], counts[what]));
  const worst = Math.max(...errors.map(Math.abs));
  const shown = compared.map((what, i) => {
    const percent = `${errors[i]! < 0 ? '-' : '+'}${Math.abs(100 * errors[i]!).toFixed(1)} %`;
    return `${what} ${estimate[what]} for ${counts[what]} (${percent})`;
  });
  const name = `cost.${sample.name.replaceAll(/[^a-z0-9]+/gi, '_')}.error`;
  return {
    figure: measured(name, worst, 'largest relative error'),
    check: {
      name: `${sample.name}: estimate within 5 %`,
      ok: worst <= bound,
      detail: `${shown.join(', ')}; ratio ${(worst / bound).toFixed(2)}`,
    },
  };
}

/** Estimates beside what Yosys counts of samples that are not in the fit: each must be within 5 %. */
export async function judged<Size extends string>(
  samples: readonly Sample<Size>[],
  progress: Progress,
): Promise<Report> {
  return judgement(await measureAll(samples, progress));
}

export function judgement<Size extends string>(measurements: readonly Measurement<Size>[]): Report {
  const all = measurements.map(compare);
  return {
    figures: all.map(({ figure }) => figure),
    checks: all.map(({ check }) => check),
    skipped: [],
    tools: toolsOf(measurements),
  };
}

const toolsOf = (measurements: readonly Measurement<string>[]): Report['tools'] => ({
  yosys: { version: measurements[0]!.counts.version, how: 'wasm' },
});

/** Fits all models anew and writes them to `file`, with the version of Yosys; the next run has them. Tells the largest errors within the fit. */
export async function refit<Size extends string>(
  samples: readonly Sample<Size>[],
  terms: Terms<Size>,
  file: string,
  progress: Progress,
): Promise<Report> {
  const made = await measureAll(samples, progress);
  const models = fitAll(made, terms);
  const { version } = made[0]!.counts;
  await writeFile(`${file}.new`, `${JSON.stringify({ yosys: version, models }, null, 2)}\n`);
  await rename(`${file}.new`, file);
  const figures = Object.entries(models).flatMap(([model, costs]) => {
    const of = made.filter(({ sample }) => sample.model === model);
    return (['lut', 'ff', 'carry'] as const).map((what) => {
      const errors = of.map(({ sample, counts }) => errorOf(estimateOf(sample.structure(), costs)[what], counts[what]));
      const worst = Math.max(...errors.map(Math.abs));
      return measured(`cost_fit.${model}.${what}`, worst, `largest relative error in the fit of ${of.length}`);
    });
  });
  const text = `${file} has the coefficients of Yosys ${version}`;
  return { figures, checks: [], skipped: [], tools: toolsOf(made), text };
}
