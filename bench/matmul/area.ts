/** LUTs of compressors, lanes and the array of popcounts against their bounds, and of other forms of a popcount in the same run. */

import type { Check, Progress, Report } from '../../cli/command.ts';
import { table } from '../../cli/print.ts';
import { type Design, printVerilog } from '../../gen/index.ts';
import {
  type Column,
  type CompressorOptions,
  compressor,
  type FamilyName,
  planRows,
  pricesOf,
  searchPlan,
} from '../../hw/compressor/index.ts';
import { matmulArray } from '../../hw/index.ts';
import { type CellCounts, cellCounts, type SynthesisTarget } from '../../sim/index.ts';
import { joinReports, measured, reportOf } from '../bench.ts';
import { tile } from './arrays.ts';
import { binaryLane } from './binary-lane.ts';
import { forms } from './forms.ts';

/** BISMO's bit-serial dot product: LUT6 per binary multiply-accumulate, derived from its compressor's schedule. */
const bismo: Readonly<Record<number, number>> = { 64: 1.125, 256: 1.137, 1024: 1.135 };

const widthOf = (n: number): number => n.toString(2).length;

const products = (n: number): Column => ({ bits: 0, products: n, operation: 'and' });

/** The sum of n products, or bits. */
export function counter(
  n: number,
  of: 'products' | 'bits',
  family: FamilyName,
  print: CompressorOptions['print'],
): Design {
  const heap = [of === 'bits' ? { ...products(n), bits: n, products: 0 } : products(n)];
  return compressor(searchPlan(heap, widthOf(n), { family }), { print }) as Design;
}

const map = (design: Design, target: SynthesisTarget, progress: Progress, seconds = 1800): Promise<CellCounts> =>
  cellCounts(printVerilog(design), { target, seconds, progress });

interface Row {
  readonly figure: string;
  readonly name: string;
  readonly bound: number;
  /** What others reach. */
  readonly other?: string;
  /** LUTs are divided by this. */
  readonly by: number;
  readonly unit: string;
}

function rowReport(row: Row, s: CellCounts): Report {
  const value = s.lut / row.by;
  const check: Check = {
    name: row.name,
    ok: value <= row.bound,
    detail: [
      `${value.toFixed(3)}, at most ${row.bound}: ratio ${(value / row.bound).toFixed(2)}`,
      `${s.lut} LUT, ${s.ff} FF, ${s.carry} carry cells`,
      ...(row.other === undefined ? [] : [row.other]),
    ].join('; '),
  };
  const figures = [measured(row.figure, value, row.unit), measured(`${row.figure}.carry`, s.carry, 'carry cells')];
  return { ...reportOf(figures, [check]), tools: { yosys: { version: s.version, how: 'wasm' } } };
}

const perMac = 'LUT per binary MAC';

/** AND and popcount, and popcount alone, registers of the pipeline included. */
export async function compressors(progress: Progress): Promise<Report> {
  const reports: Report[] = [];
  for (const [what, family, print, bound] of [
    ['primitives', 'xilinx', 'xcup', 1.05],
    ['portable', 'xilinx-portable', 'portable', 1.25],
  ] as const) {
    for (const n of [64, 256, 1024]) {
      const made = await map(counter(n, 'products', family, print), 'xcup', progress);
      const row = { figure: `and_popcount_${n}.${what}`, name: `AND + popcount of ${n}, ${what}: ${perMac}`, bound };
      reports.push(rowReport({ ...row, by: n, unit: perMac, other: `BISMO ${bismo[n]}, derived` }, made));
    }
  }
  const alone = await map(counter(256, 'bits', 'xilinx', 'xcup'), 'xcup', progress);
  const row = { figure: 'popcount_256.primitives', name: 'popcount of 256 alone, primitives: LUT', bound: 165 };
  reports.push(rowReport({ ...row, by: 1, unit: 'LUT', other: "BISMO's schedule 211, derived" }, alone));
  return { ...joinReports(reports), text: plansText() };
}

/** The plans of 256 products, level by level, and how far they may be from the cheapest. */
function plansText(): string {
  const families: readonly FamilyName[] = ['xilinx', 'xilinx-portable', 'ecp5'];
  const plans = families.map((family) => searchPlan([products(256)], widthOf(256), { family }));
  const texts = plans.map((plan) => {
    const rows = planRows(plan).map((r) => [r.level, r.heights, r.counters, `${r.luts}`, `${r.cells}`]);
    const bound = pricesOf(plan).bound.toFixed(1);
    const cost = plan.family === 'ecp5' ? `, ${plan.luts + plan.registers} with flip-flops` : '';
    return [
      `256 products for ${plan.family}: ${plan.luts} LUT${cost}; no plan of as many stages has fewer than ${bound}`,
      table(['level', 'heights', 'counters', 'LUT', 'carry cells'], rows, [3, 4]),
    ].join('\n\n');
  });
  return texts.join('\n\n');
}

export async function lanes(progress: Progress): Promise<Report> {
  const made = await map(binaryLane(256, 'xilinx', 'xcup') as Design, 'xcup', progress);
  const name = `whole lane of 256 columns with accumulator, primitives: ${perMac}`;
  return rowReport({ figure: 'lane_256', name, bound: 1.2, by: 256, unit: perMac, other: 'BISMO 1.34, quoted' }, made);
}

/** The tile of the table of areas with eight planes of activations; minutes of Yosys. */
export async function popcountArray(progress: Progress): Promise<Report> {
  const made = await map(matmulArray({ ...tile, cells: 'xilinx' }) as Design, 'xcup', progress, 7200);
  const name = 'W1A8, popcount planes, whole array of 16 x 256, primitives: LUT per MAC and cycle';
  const row = { figure: 'popcount_array', name, bound: 9.2, by: tile.lanes * tile.columns };
  return rowReport({ ...row, unit: 'LUT per MAC and cycle' }, made);
}

/** What other ways to write AND and popcount of 256 come to; nothing is asked of them. */
export async function otherForms(progress: Progress): Promise<Report> {
  const figures = [];
  let version = '';
  for (const [name, design] of Object.entries(forms(256))) {
    for (const target of ['xcup', 'ecp5'] as const) {
      const made = await map(design, target, progress);
      figures.push(measured(`forms.${name}.${target}`, made.lut / 256, perMac));
      version = made.version;
    }
  }
  return { ...reportOf(figures, []), tools: { yosys: { version, how: 'wasm' } } };
}
