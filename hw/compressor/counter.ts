/**
 * Counters as data: what a few LUTs, in or out of a carry chain, make of some bits of a heap.
 *
 * A position of a carry chain adds v in {0, 1, 2} to the carry that comes to it: v = 1 where the LUT's O6 is 1 (the carry passes on),
 * else 2 or 0 by what generates. Its sum bit leaves at the position's own weight. Formulas are written once, on any algebra: on
 * numbers they give the tables of the LUTs, on signals the portable Verilog.
 */
import { count, either, type Formula, parity, plusLast } from './formula.ts';

export interface Slot {
  /** Weight relative to the counter's: 2^column. */
  readonly column: number;
  /** Goes into the carry chain past the LUT, which a product cannot. */
  readonly direct: boolean;
}

export interface Lut {
  /** Slots, by index, in the order of the formulas' arguments. */
  readonly sees: readonly number[];
  readonly o6: Formula;
  /** A second function of the same inputs, of which there are then at most five. */
  readonly o5?: Formula;
  /** The LUT stands at the next position of the carry chain. What generates there: its O5, or a direct slot. */
  readonly generate?: 'o5' | number;
}

export interface Counter {
  /** Heights of the columns, highest weight first; `]`: it stands in a carry chain and takes a carry besides. */
  readonly name: string;
  readonly slots: readonly Slot[];
  readonly luts: readonly Lut[];
  /** Bits that leave beside the chain. */
  readonly outs: readonly { readonly column: number; readonly lut: number; readonly pin: 'o6' | 'o5' }[];
}

const free = (...columns: readonly number[]): Slot[] => columns.map((column) => ({ column, direct: false }));
const direct = (...columns: readonly number[]): Slot[] => columns.map((column) => ({ column, direct: true }));
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Products made bits, one or two in a LUT. */
export const ands = (n: 1 | 2): Counter => ({
  name: 'and',
  slots: free(...upTo(n).map(() => 0)),
  luts: [{ sees: upTo(n), o6: either(0), ...(n === 2 ? { o5: either(1) } : {}) }],
  outs: upTo(n).map((i) => ({ column: 0, lut: 0, pin: i === 0 ? 'o6' : 'o5' })),
});

/** Full adder in one LUT of two functions. */
export const full: Counter = {
  name: '3:2',
  slots: free(0, 0, 0),
  luts: [{ sees: [0, 1, 2], o6: parity, o5: count(1) }],
  outs: [
    { column: 0, lut: 0, pin: 'o6' },
    { column: 1, lut: 0, pin: 'o5' },
  ],
};

/** Counter of n bits with one LUT for each bit of the number. */
export const parallel = (n: number): Counter => {
  const bits = upTo(Math.ceil(Math.log2(n + 1)));
  return {
    name: `${n}:${bits.length}`,
    slots: free(...upTo(n).map(() => 0)),
    luts: bits.map((k) => ({ sees: upTo(n), o6: count(k) })),
    outs: bits.map((k) => ({ column: k, lut: k, pin: 'o6' })),
  };
};

/** Position of a ripple adder: two bits and the carry. */
export const two: Counter = {
  name: '(2]',
  slots: free(0, 0),
  luts: [{ sees: [0, 1], o6: parity, o5: either(0), generate: 'o5' }],
  outs: [],
};

/** The same where one bit goes past the LUT, which then has one function. */
export const twoDirect: Counter = {
  name: '(2]',
  slots: [...free(0), ...direct(0)],
  luts: [{ sees: [0, 1], o6: parity, generate: 1 }],
  outs: [],
};

/** Four bits and the carry at one position, and a bit of twice the weight beside the chain: a 4:2 adder (Parandeh-Afshar et al., 2009). */
export const four: Counter = {
  name: '(4]',
  slots: [...free(0, 0, 0), ...direct(0)],
  luts: [{ sees: [0, 1, 2, 3], o6: parity, o5: (g, x) => count(1)(g, x.slice(0, 3)), generate: 3 }],
  outs: [{ column: 1, lut: 0, pin: 'o5' }],
};

/** Three bits counted in two positions, each with a bit past its LUT: half of (1,4,1,5;5) (Kumm and Zipf, 2014). */
export const oneFour: Counter = {
  name: '(1,4]',
  slots: [...free(0, 0, 0), ...direct(0, 1)],
  luts: [
    { sees: [0, 1, 2, 3], o6: parity, generate: 3 },
    { sees: [0, 1, 2, 4], o6: plusLast(count(1)), generate: 4 },
  ],
  outs: [],
};

/** Six bits at two positions: half of (6,0,6;5) (Kumm and Zipf, 2014). Half of the first five's number is 0, 1 or 2. */
export const six: Counter = {
  name: '(0,6]',
  slots: [...free(0, 0, 0, 0, 0), ...direct(0)],
  luts: [
    { sees: [0, 1, 2, 3, 4, 5], o6: parity, generate: 5 },
    { sees: [0, 1, 2, 3, 4], o6: count(1), o5: count(2), generate: 'o5' },
  ],
  outs: [],
};

/** Five bits counted in three positions, each with a bit past its LUT: three LUTs of one function take eight bits and the carry. */
export const oneOneSix: Counter = {
  name: '(1,1,6]',
  slots: [...free(0, 0, 0, 0, 0), ...direct(0, 1, 2)],
  luts: [5, 6, 7].map((last, k) => ({ sees: [0, 1, 2, 3, 4, last], o6: plusLast(count(k)), generate: last })),
  outs: [],
};

/** Two bits counted in two positions, each with a bit past its LUT, for LUTs of four inputs. */
export const oneThree: Counter = {
  name: '(1,3]',
  slots: [...free(0, 0), ...direct(0, 1)],
  luts: [2, 3].map((last, k) => ({ sees: [0, 1, last], o6: plusLast(count(k)), generate: last })),
  outs: [],
};
