/** The best carry chain for a heap as it stands: dynamic programming over its columns, from the highest down. */
import type { Family, Variant } from './family.ts';
import type { Chain } from './plan.ts';

/** Bits and products left in every column of a level. */
export interface Stock {
  readonly bits: Int32Array;
  readonly products: Int32Array;
}

/** A counter, and what using it is worth: what it takes less what it gives less its LUTs. */
export interface Offer {
  readonly variant: Variant;
  readonly gain: number;
}

/** What the chains of a level may be made of, and what their parts are worth, in LUTs. */
export interface Market {
  readonly family: Family;
  /** Columns of the result. */
  readonly width: number;
  readonly chained: readonly Offer[];
  readonly single: readonly Offer[];
  readonly bit: number;
  readonly product: number;
  /** Cost of starting a chain, beside its LUTs. */
  readonly start: number;
  usable(v: Variant, column: number): boolean;
}

const least = 1e-9;

/** The chain, or counter beside, of greatest worth; undefined: none is worth its LUTs. */
export function bestChain(stock: Stock, m: Market): Chain | undefined {
  const { width } = m;
  let value = least;
  let best: Chain | undefined;
  const better = (total: number, make: () => Omit<Chain, 'times'>): void => {
    if (total <= value + least) return;
    value = total;
    best = { ...make(), times: 1 };
  };
  for (const { variant, gain } of m.single) {
    if (gain <= value) break; // they come best first
    const start = firstFit(variant, stock, m);
    if (start !== undefined) better(gain, () => ({ start, carryIn: undefined, steps: [variant] }));
  }
  const carries = [undefined, ...m.family.carryIn].map((carryIn) => ({
    carryIn,
    worth: carryIn === undefined ? 0 : m[carryIn],
    spare: { bits: carryIn === 'bit' ? 1 : 0, products: carryIn === 'product' ? 1 : 0 },
  }));
  const carryWorth = Math.max(...carries.map(({ worth }) => worth));
  // from[c]: the most that a chain is worth from column c on when a carry comes to it; beyond the result it is always 0
  const from = new Float64Array(width + 1);
  const next: (Variant | undefined)[] = new Array(width + 1);
  for (let c = width - 1; c >= 0; c--) {
    from[c] = -m.bit;
    for (const { variant, gain } of m.chained) {
      const bound = c + variant.positions;
      if (bound > width) continue;
      const total = gain + from[bound]!;
      const entered = total - m.start - m.family.chainLuts;
      const worthwhile = total > from[c]! + least || entered + carryWorth > value + least;
      if (!worthwhile || !fits(variant, c, stock, none, width) || !m.usable(variant, c)) continue;
      for (const { carryIn, worth, spare } of carries) {
        if (entered + worth <= value + least || !fits(variant, c, stock, spare, width)) continue;
        better(entered + worth, () => ({ start: c, carryIn, steps: [variant, ...along(next, bound)] }));
      }
      if (total <= from[c]! + least) continue;
      from[c] = total;
      next[c] = variant;
    }
  }
  return best;
}

function along(next: readonly (Variant | undefined)[], from: number): Variant[] {
  const steps: Variant[] = [];
  for (let v = next[from], at = from; v !== undefined; v = next[at]) {
    steps.push(v);
    at += v.positions;
  }
  return steps;
}

interface Spare {
  readonly bits: number;
  readonly products: number;
}
const none: Spare = { bits: 0, products: 0 };

/** Whether column c and up hold what a counter takes, with `spare` besides at c. */
function fits(v: Variant, c: number, { bits, products }: Stock, spare: Spare, width: number): boolean {
  if (c + v.gives.length > width) return false;
  if (bits[c]! < v.bits[0]! + spare.bits || products[c]! < v.products[0]! + spare.products) return false;
  for (let k = 0; k < v.bits.length; k++)
    if (bits[c + k]! < v.bits[k]! || products[c + k]! < v.products[k]!) return false;
  return true;
}

function firstFit(v: Variant, stock: Stock, m: Market): number | undefined {
  for (let c = 0; c + v.gives.length <= m.width; c++) if (fits(v, c, stock, none, m.width) && m.usable(v, c)) return c;
  return undefined;
}
