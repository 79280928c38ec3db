/**
 * What a unit takes of a device, as a model that can be fitted: cells that are counted from its structure, and for all else so many cells for each bit
 * of its sizes. `bench/cost` finds the shares by mapping units with Yosys.
 */

export interface Cells {
  readonly lut: number;
  readonly ff: number;
  /** Carry cells. */
  readonly carry: number;
}

/** Sizes are in bits, but for those that count something else by name. */
export interface Structure<Size extends string> {
  readonly cells: Cells;
  readonly sizes: Readonly<Record<Size, number>>;
}

/** Cells for each bit of a size; none of those that are left out. */
export type Shares<Size extends string> = Readonly<Partial<Record<Size, number>>>;
export type Costs<Size extends string> = Readonly<Record<keyof Cells, Shares<Size>>>;

export const costOf = <Size extends string>(sizes: Readonly<Record<Size, number>>, shares: Shares<Size>): number =>
  Object.entries<number | undefined>(shares).reduce((sum, [name, share]) => sum + share! * sizes[name as Size], 0);

/** Whole cells. */
export function estimateOf<Size extends string>({ cells, sizes }: Structure<Size>, costs: Costs<Size>): Cells {
  const total = (of: keyof Cells): number => Math.round(cells[of] + costOf(sizes, costs[of]));
  return { lut: total('lut'), ff: total('ff'), carry: total('carry') };
}

export const plus = (...parts: readonly Partial<Cells>[]): Cells => {
  const sum = (what: keyof Cells): number => parts.reduce((n, c) => n + (c[what] ?? 0), 0);
  return { lut: sum('lut'), ff: sum('ff'), carry: sum('carry') };
};

export const times = (n: number, c: Cells): Cells => ({ lut: n * c.lut, ff: n * c.ff, carry: n * c.carry });
