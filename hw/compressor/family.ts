/** Which counters a family of devices has, and what they cost there. */
import {
  ands,
  type Counter,
  four,
  full,
  type Lut,
  oneFour,
  oneOneSix,
  oneThree,
  parallel,
  six,
  two,
  twoDirect,
} from './counter.ts';
import { logicOf } from './formula.ts';

/** What fills a slot of a counter: a bit, a product of two, or nothing. */
export type Filling = 'bit' | 'product' | undefined;

/** A counter with what fills its slots. Arrays go by column, from the counter's own weight up. */
export interface Variant {
  readonly counter: Counter;
  readonly filling: readonly Filling[];
  /** Bits and products that it takes. */
  readonly bits: readonly number[];
  readonly products: readonly number[];
  /** Bits that it gives; the carry out of its last position is not counted. */
  readonly gives: readonly number[];
  /** In the carry chain; 0: it stands beside. */
  readonly positions: number;
  readonly luts: number;
}

/** A LUT: its inputs, and how many it may have when it computes two functions (0: it cannot). */
export interface LutShape {
  readonly inputs: number;
  readonly shared: number;
}

export interface Family {
  readonly name: FamilyName;
  readonly lut: LutShape;
  readonly variants: readonly Variant[];
  /** LUTs that a carry chain costs beside its positions. */
  readonly chainLuts: number;
  /** What can be the carry into a chain. */
  readonly carryIn: readonly Exclude<Filling, undefined>[];
  /** Positions of a carry cell; a chain takes whole cells. */
  readonly cell: number;
  /** Chains stand right before registers only: a carry behind another is too slow. */
  readonly chainsLast: boolean;
  /** LUTs for each bit less, at best: the scale of what a bit is worth. */
  readonly lutsPerBit: number;
  /** LUTs that a flip-flop counts for, where a slice has no more of them than LUTs. */
  readonly lutsPerRegister: number;
  /** LUTs for each carry cell that there must be, so that cells never ask for more slices than LUTs do. */
  readonly lutsPerCell: number;
}

export type FamilyName = 'xilinx' | 'xilinx-portable' | 'ecp5';

function family(
  name: FamilyName,
  lut: LutShape,
  counters: readonly Counter[],
  chains: Omit<Family, 'name' | 'lut' | 'variants'>,
): Family {
  return { name, lut, ...chains, variants: counters.flatMap((c) => variantsOf(c, lut)) };
}

const slice = { cell: 4, lutsPerCell: 4, lutsPerRegister: 0, lutsPerBit: 0.5, chainsLast: false };

/** Made when first asked for. */
const makers: { readonly [N in FamilyName]: () => Family } = {
  // LUT6_2 and CARRY4 or CARRY8
  xilinx: () =>
    family(
      'xilinx',
      { inputs: 6, shared: 5 },
      [ands(1), ands(2), full, parallel(3), parallel(6), two, four, oneFour, six],
      { chainLuts: 0, carryIn: ['bit'], ...slice },
    ),
  // what Yosys makes of equations and `+`: one function per LUT, and an operand of `+` that is a bit goes past it
  'xilinx-portable': () =>
    family(
      'xilinx-portable',
      { inputs: 6, shared: 0 },
      [ands(1), parallel(3), parallel(6), twoDirect, oneFour, oneOneSix],
      { chainLuts: 0, carryIn: ['bit'], ...slice },
    ),
  // LUT4 and CCU2C; the carry leaves a chain through a position of its own, which can take the carry into the next one
  ecp5: () =>
    family('ecp5', { inputs: 4, shared: 0 }, [ands(1), parallel(3), two, oneThree], {
      chainLuts: 1,
      carryIn: ['bit', 'product'],
      cell: 2,
      lutsPerCell: 0,
      lutsPerRegister: 1,
      lutsPerBit: 1,
      chainsLast: true,
    }),
};

const made = new Map<FamilyName, Family>();

export function familyOf(name: FamilyName): Family {
  const known = made.get(name) ?? makers[name]();
  made.set(name, known);
  return known;
}

/** All ways to fill the slots of a counter that its LUTs have inputs for and that leave no function constant. */
function variantsOf(counter: Counter, shape: LutShape): Variant[] {
  const columns = Math.max(...counter.slots.map((s) => s.column)) + 1;
  let fillings: Filling[][] = [new Array<Filling>(counter.slots.length).fill(undefined)];
  for (let c = 0; c < columns; c++) fillings = fillings.flatMap((f) => fillColumn(counter, c, f));
  return fillings
    .filter((f) => counter.luts.every((l) => inputsOf(l, f) <= inputLimit(l, shape) && isVariable(l, f)))
    .map((f) => variant(counter, f, columns, shape));
}

/** Every number of products and bits in a column; bits stand in direct slots first. */
function fillColumn(counter: Counter, column: number, filling: readonly Filling[]): Filling[][] {
  const slots = counter.slots.flatMap((s, i) => (s.column === column ? [{ ...s, i }] : []));
  const direct = slots.filter((s) => s.direct);
  const others = slots.filter((s) => !s.direct);
  const found: Filling[][] = [];
  for (let products = 0; products <= others.length; products++) {
    for (let bits = 0; bits <= slots.length - products; bits++) {
      const next = [...filling];
      const inside = bits - Math.min(bits, direct.length);
      for (const [n, { i }] of direct.entries()) next[i] = n < bits ? 'bit' : undefined;
      for (const [n, { i }] of others.entries())
        next[i] = n < products ? 'product' : n < products + inside ? 'bit' : undefined;
      found.push(next);
    }
  }
  return found;
}

const inputsOf = (lut: Lut, filling: readonly Filling[]): number =>
  lut.sees.reduce((n, i) => n + { none: 0, bit: 1, product: 2 }[filling[i] ?? 'none'], 0);

const inputLimit = (lut: Lut, { inputs, shared }: LutShape): number =>
  lut.o5 !== undefined && shared > 0 ? shared : inputs;

const presence = logicOf<true>({ and: () => true, or: () => true, xor: () => true });

function isVariable(lut: Lut, filling: readonly Filling[]): boolean {
  const x = lut.sees.map((i): true | undefined => filling[i] && true);
  return [lut.o6, lut.o5].every((f) => f === undefined || f(presence, x) !== undefined);
}

function variant(counter: Counter, filling: readonly Filling[], columns: number, shape: LutShape): Variant {
  const taken = (what: Filling): number[] =>
    Array.from(
      { length: columns },
      (_, c) => counter.slots.filter((s, i) => s.column === c && filling[i] === what).length,
    );
  const positions = counter.luts.filter((l) => l.generate !== undefined).length;
  const gives = new Array<number>(Math.max(positions, ...counter.outs.map((o) => o.column + 1))).fill(0);
  for (let p = 0; p < positions; p++) gives[p]!++;
  for (const o of counter.outs) gives[o.column]!++;
  const cost = (l: Lut): number => (l.o5 !== undefined && shape.shared === 0 && positions === 0 ? 2 : 1);
  const luts = counter.luts.reduce((n, l) => n + cost(l), 0);
  return { counter, filling, bits: taken('bit'), products: taken('product'), gives, positions, luts };
}
