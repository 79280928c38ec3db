/** What a compressor sums, and by which counters. */
import type { Family, FamilyName, Filling, Variant } from './family.ts';

/** How a weight bit and an activation bit make a product. */
export type Operation = 'and' | 'nand' | 'xnor';

/** The bits of one weight, 2^column. */
export interface Column {
  readonly bits: number;
  readonly products: number;
  /** Of the products. */
  readonly operation: Operation;
}

/** From weight 1 up. */
export type Heap = readonly Column[];

/** A carry chain, or one counter beside; from weight 2^start up, `times` of them side by side. */
export interface Chain {
  readonly start: number;
  /** A bit or product of weight 2^start is the carry into it. */
  readonly carryIn: Filling;
  readonly steps: readonly Variant[];
  readonly times: number;
}

/** Counters that work at once; what is left over goes to the next level as it is. */
export type Level = readonly Chain[];

export interface Plan {
  readonly family: FamilyName;
  readonly heap: Heap;
  /** Columns of the result; what would go beyond is dropped. */
  readonly width: number;
  readonly levels: readonly Level[];
  /** Registers stand behind every so many levels, and behind the last; products are used up before the first of them. */
  readonly every: number;
  /** Cycles from the inputs to the sum. */
  readonly latency: number;
  readonly luts: number;
  readonly cells: number;
  /** Flip-flops. */
  readonly registers: number;
}

export const positionsOf = (c: Chain): number => c.steps.reduce((n, v) => n + v.positions, 0);

export const lutsOf = (c: Chain, family: Family): number =>
  c.times * (c.steps.reduce((n, v) => n + v.luts, 0) + (c.steps[0]!.positions > 0 ? family.chainLuts : 0));

export const cellsOf = (c: Chain, family: Family): number => c.times * Math.ceil(positionsOf(c) / family.cell);

/** With its cells counted. */
export function accounted(p: Omit<Plan, 'luts' | 'cells' | 'registers'>, family: Family): Plan {
  const sum = (of: (c: Chain, family: Family) => number): number =>
    p.levels.flat().reduce((n, c) => n + of(c, family), 0);
  return { ...p, luts: sum(lutsOf), cells: sum(cellsOf), registers: registersOf(p) };
}

/** Stages of a pipeline that the height of a heap asks for, with a register behind every few levels; the height counts what the columns below carry over. */
export function stagesFor(heap: Heap, family: FamilyName, every: number): number {
  let height = 1;
  let carried = 0;
  for (const { bits, products } of heap) {
    carried = carried / 2 + bits + products;
    height = Math.max(height, carried);
  }
  return Math.ceil(Math.round(1.5 + levelsPerDoubling[family] * Math.log2(height)) / every);
}

/** Levels that each doubling of the height costs. */
const levelsPerDoubling: { readonly [F in FamilyName]: number } = { xilinx: 0.7, 'xilinx-portable': 0.7, ecp5: 1.12 };

/** Levels between registers. */
export const defaultEvery: { readonly [F in FamilyName]: number } = { xilinx: 3, 'xilinx-portable': 3, ecp5: 2 };

/** Calls `take` and `give` for all columns that one of the chains takes bits and products from, and gives bits to. */
export function traffic(
  { start, carryIn, steps }: Chain,
  width: number,
  take: (column: number, bits: number, products: number) => void,
  give: (column: number, bits: number) => void,
): void {
  let at = start;
  if (carryIn !== undefined) take(at, carryIn === 'bit' ? 1 : 0, carryIn === 'product' ? 1 : 0);
  for (const v of steps) {
    for (const [k, bits] of v.bits.entries()) take(at + k, bits, v.products[k]!);
    for (const [k, bits] of v.gives.entries()) give(at + k, bits);
    at += v.positions;
  }
  if (at > start && at < width) give(at, 1);
}

/** Bits and products of every column before a level. */
export interface Heights {
  readonly bits: readonly number[];
  readonly products: readonly number[];
}

/** Before the first level, and behind every one. */
export function heightsOf({ heap, width, levels }: Pick<Plan, 'heap' | 'width' | 'levels'>): Heights[] {
  const bits = Array.from({ length: width }, (_, c) => heap[c]?.bits ?? 0);
  const products = Array.from({ length: width }, (_, c) => heap[c]?.products ?? 0);
  const all: Heights[] = [{ bits: [...bits], products: [...products] }];
  for (const level of levels) {
    const given = bits.map(() => 0);
    for (const chain of level) {
      traffic(
        chain,
        width,
        (c, b, p) => {
          bits[c]! -= b * chain.times;
          products[c]! -= p * chain.times;
        },
        (c, b) => {
          given[c]! += b * chain.times;
        },
      );
    }
    for (const [c, b] of given.entries()) bits[c]! += b;
    all.push({ bits: [...bits], products: [...products] });
  }
  return all;
}

/** Flip-flops behind the levels of a plan, and behind its sum where it is there before its time. */
export function registersOf(p: Omit<Plan, 'luts' | 'cells' | 'registers'>): number {
  const { width, levels, every, latency } = p;
  const registered = heightsOf(p).filter((_, n) => n > 0 && (n % every === 0 || n === levels.length));
  const bits = registered.flatMap((h) => h.bits).reduce((sum, b) => sum + b, 0);
  return bits + width * (latency - Math.ceil(levels.length / every));
}
