/**
 * Counters as LUT4 and CCU2C. A chain ends in a position that takes the carry as its sum and sends the next chain's carry in on its way: so the
 * chains of a level stand one behind the other in strings of cells.
 */
import { bit, type ModuleBuilder, type UInt } from '../../gen/index.ts';
import type { Lut } from './counter.ts';
import type { Family, Variant } from './family.ts';
import type { Formula } from './formula.ts';
import { type Group, joined, type Operand, outputColumns, type Realization } from './netlist.ts';
import { type Heap, type Level, type Operation, positionsOf } from './plan.ts';
import { evaluate, inputsOf, type Shape, tableOf } from './table.ts';
import { ccu2c, lut4 } from './vendor.ts';

/** Positions of a string of cells: timing analysis follows the carry through all of it. Where products go in there is an AND before it, else a counter. */
const longest = { products: 12, bits: 4 };

/** A position: its table, and what stands at A, B, C and D. */
interface Position {
  readonly init: number;
  readonly pins: readonly (UInt | undefined)[];
  /** Takes its sum; undefined: nobody does. */
  readonly done: ((sum: UInt) => void) | undefined;
}

/** What a carry is made of, on its way into a chain. */
type Carry = Pick<Position, 'init' | 'pins'>;

interface Request {
  readonly carryIn: Carry | undefined;
  readonly positions: readonly Position[];
  readonly carryDone: ((carry: UInt) => void) | undefined;
}

export const ecp5: Realization = (m, level, name) => {
  const requests: Request[] = [];
  const tables = new Map<number, ReturnType<typeof lut4>>();
  const groups = level.map((group) => makeGroup(m, group, tables, requests));
  const products = level.some((g) => g.slots.some((s) => s.some((o) => o?.kind === 'product')));
  placeStrings(m, requests, name, mostOf(products));
  return groups.map((columns) => columns.flatMap((bits) => joined(bits) ?? []));
};

/** The LUTs of a group, and its chains; its bits by output column and chain, which are complete when the requests are placed. */
function makeGroup(
  m: ModuleBuilder,
  { name, chain, slots, carryIn, carryOut }: Group,
  tables: Map<number, ReturnType<typeof lut4>>,
  requests: Request[],
): UInt[][] {
  const columns: UInt[][] = outputColumns(chain, Number.POSITIVE_INFINITY).map(() => []);
  for (let i = 0; i < chain.times; i++) {
    const positions: Position[] = [];
    let column = 0;
    const putAt = (c: number) => (b: UInt) => void columns[c]!.push(b);
    for (const [s, { counter }] of chain.steps.entries()) {
      const operands = (sees: readonly number[]): (Operand | undefined)[] => sees.map((k) => slots[s]![k]);
      for (const l of counter.luts) {
        if (l.generate === undefined) continue;
        const seen = operands(l.sees);
        const found = positionTable(l.o6, generatesOf(l), seen)!;
        const inputs = inputsOf(seen).map((x) => x.bit(i));
        positions.push({
          init: found.init,
          pins: found.pins.map((n) => (n === undefined ? undefined : inputs[n])),
          done: putAt(column++),
        });
      }
      for (const o of counter.outs) {
        const l = counter.luts[o.lut]!;
        const seen = operands(l.sees);
        const init = Number(tableOf(l[o.pin]!, seen, 4));
        const design = tables.get(init) ?? lut4(init);
        tables.set(init, design);
        const lut = m.instance(`${name}_${i}_s${s}_${column}`, design);
        const inputs = inputsOf(seen).map((x) => x.bit(i));
        for (const [n, pin] of (['A', 'B', 'C', 'D'] as const).entries())
          lut[pin].drive(inputs[n] ?? m.constant(bit, 1));
        putAt(column++)(lut.Z);
      }
    }
    if (positions.length > 0)
      requests.push({
        carryIn: carryIn && carryOf(carryIn, i),
        positions,
        carryDone: carryOut ? putAt(column) : undefined,
      });
  }
  return columns;
}

/** What generates in a position of a counter. */
const generatesOf = (l: Lut): Formula => {
  const { generate } = l;
  return generate === 'o5' ? l.o5! : (_g, x) => x[l.sees.indexOf(generate!)];
};

/** Whether all positions of a counter have tables, with products that are these operations of their inputs, by column. */
export const hasTables = ({ counter, filling }: Variant, operations: readonly Operation[]): boolean =>
  counter.luts.every((l) => {
    if (l.generate === undefined) return true;
    const shapes = l.sees.map((s): Shape => {
      const kind = filling[s];
      return kind === 'product' ? { kind, operation: operations[counter.slots[s]!.column]! } : kind && { kind };
    });
    return positionTable(l.o6, generatesOf(l), shapes) !== undefined;
  });

/** Whether a counter at a column has tables: a position of a CCU2C has none for some functions of products. */
export function usableIn(family: Family, heap: Heap): (v: Variant, column: number) => boolean {
  if (family.name !== 'ecp5') return () => true;
  const known = new Map<Variant, Map<string, boolean>>();
  return (v, column) => {
    if (v.products.every((n) => n === 0)) return true;
    const operations = v.products.map((_, k) => heap[column + k]?.operation ?? 'and');
    const key = operations.join(' ');
    const of = known.get(v) ?? new Map<string, boolean>();
    known.set(v, of);
    const found = of.get(key) ?? hasTables(v, operations);
    of.set(key, found);
    return found;
  };
}

/** A table for a position, and the input that goes to each of A, B, C and D (undefined: 1). */
export interface PositionTable {
  readonly init: number;
  readonly pins: readonly (number | undefined)[];
}

/**
 * Where `passes` is 0 the carry is the entry at the same A and B with C = D = 0: not every function has such a table, and it depends on which
 * input goes where. Undefined: there is none.
 */
export function positionTable(
  passes: Formula,
  generates: Formula,
  shapes: readonly Shape[],
): PositionTable | undefined {
  const count = shapes.reduce((n, s) => n + (s === undefined ? 0 : s.kind === 'bit' ? 1 : 2), 0);
  if (count > 4) return undefined;
  const sources = Array.from({ length: 4 }, (_, n) => (n < count ? n : undefined));
  for (const pins of permutations(sources)) {
    const init = tableFor(pins, (x) => [evaluate(passes, shapes, x), evaluate(generates, shapes, x)]);
    if (init !== undefined) return { init, pins };
  }
  return undefined;
}

/** The table, if there is one: unused pins are at 1, and entries that they cannot reach are free. */
function tableFor(
  pins: readonly (number | undefined)[],
  values: (inputs: number) => readonly [passes: number, generates: number],
): number | undefined {
  const entries: (number | undefined)[] = new Array(16).fill(undefined);
  const set = (entry: number, value: number): boolean => {
    const free = entries[entry] === undefined;
    if (free) entries[entry] = value;
    return free || entries[entry] === value;
  };
  for (let entry = 0; entry < 16; entry++) {
    if (pins.some((p, n) => p === undefined && ((entry >> n) & 1) === 0)) continue;
    const inputs = pins.reduce<number>((x, p, n) => (p === undefined ? x : x | (((entry >> n) & 1) << p)), 0);
    const [passes, generates] = values(inputs);
    if (!set(entry, passes) || (passes === 0 && !set(entry & 3, generates))) return undefined;
  }
  return entries.reduce<number>((init, e, n) => init | ((e ?? 0) << n), 0);
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length <= 1) return [[...of]];
  return of.flatMap((first, i) =>
    permutations([...of.slice(0, i), ...of.slice(i + 1)]).map((rest) => [first, ...rest]),
  );
}

/** Sends a carry on its way whatever comes: table 0 but at C = D = 0, with D = 1. A bit is at A, a product's factors at A and B. */
const injects = { bit: 0b1010, and: 0b1000, nand: 0b0111, xnor: 0b1001 };

function carryOf(o: Operand, i: number): Carry {
  const pins = inputsOf([o]).map((x) => x.bit(i));
  return { init: injects[o.kind === 'bit' ? 'bit' : o.operation], pins };
}

/** A chain, as far as it matters for the string that it stands in. */
export interface ChainShape {
  readonly length: number;
  readonly carryIn: boolean;
  readonly carryOut: boolean;
}

/** The chains of a level by the strings that they stand in, one behind the other: [carry in] positions [carry out, and the next carry in] positions ... */
function stringsOf<T extends ChainShape>(chains: readonly T[], most: number): T[][] {
  const strings: T[][] = [];
  let length = Number.POSITIVE_INFINITY;
  // a string begins with a chain that needs no carry in, where there is one
  for (const chain of [...chains].sort((a, b) => Number(a.carryIn) - Number(b.carryIn))) {
    const joined = length + 1 + chain.length;
    if (joined + 1 > most) {
      strings.push([chain]);
      length = Number(chain.carryIn) + chain.length;
    } else {
      strings.at(-1)!.push(chain);
      length = joined;
    }
  }
  return strings;
}

/** CCU2C of a string. */
const cellsOfString = (chains: readonly ChainShape[]): number => {
  const inside = chains.reduce((n, c) => n + c.length + 1, -1);
  return Math.ceil((Number(chains[0]!.carryIn) + inside + Number(chains.at(-1)!.carryOut)) / 2);
};

/** Positions of a string, at most, by what goes into the chains of its level. */
const mostOf = (products: boolean): number => (products ? longest.products : longest.bits);

/** LUTs beside the chains of a level, and CCU2C, each of which takes the place of two. */
export function ecp5Cells(level: Level, width: number): { readonly lut: number; readonly carry: number } {
  const chains = level.flatMap((c): ChainShape[] => {
    const length = positionsOf(c);
    const shape = { length, carryIn: c.carryIn !== undefined, carryOut: c.start + length < width };
    return length === 0 ? [] : new Array(c.times).fill(shape);
  });
  const products = level.some(({ steps }) => steps.some((v) => v.products.some((n) => n > 0)));
  const carry = stringsOf(chains, mostOf(products)).reduce((n, s) => n + cellsOfString(s), 0);
  const beside = level.reduce((n, c) => n + c.times * c.steps.reduce((m, v) => m + v.luts - v.positions, 0), 0);
  return { lut: beside + 2 * carry, carry };
}

function placeStrings(m: ModuleBuilder, requests: readonly Request[], name: string, most: number): void {
  const zero: Carry = { init: injects.bit, pins: [undefined] };
  const through = (carryIn: Carry | undefined, done: Position['done']): Position => ({ ...(carryIn ?? zero), done });
  const chains = requests.map((request) => ({
    ...{ request, length: request.positions.length },
    carryIn: request.carryIn !== undefined,
    carryOut: request.carryDone !== undefined,
  }));
  let cells = 0;
  for (const strung of stringsOf(chains, most)) {
    const string: Position[] = [];
    let last: Request | undefined;
    for (const { request: next } of strung) {
      if (last !== undefined || next.carryIn !== undefined) string.push(through(next.carryIn, last?.carryDone));
      string.push(...next.positions);
      last = next;
    }
    if (last?.carryDone !== undefined) string.push(through(undefined, last.carryDone));
    if (string.length % 2 === 1) string.push(through(undefined, undefined));
    cells = placeCells(m, string, name, cells);
  }
}

function placeCells(m: ModuleBuilder, string: readonly Position[], name: string, first: number): number {
  let carry: UInt = m.constant(bit, 0);
  for (let p = 0; p < string.length; p += 2) {
    const [low, high] = [string[p]!, string[p + 1]!];
    const cell = m.instance(`${name}_carry_${first + p / 2}`, ccu2c(low.init, high.init));
    cell.CIN.drive(carry);
    for (const [n, pin] of (['A', 'B', 'C', 'D'] as const).entries()) {
      cell[`${pin}0`].drive(low.pins[n] ?? m.constant(bit, idle(low, n)));
      cell[`${pin}1`].drive(high.pins[n] ?? m.constant(bit, idle(high, n)));
    }
    for (const [position, sum] of [
      [low, cell.S0],
      [high, cell.S1],
    ] as const) {
      if (position.done === undefined) m.unused(sum);
      else position.done(sum);
    }
    carry = cell.COUT;
  }
  m.unused(carry);
  return first + string.length / 2;
}

/** Unused pins are at 1; a carry that is sent on without a bit is 0. */
const idle = ({ init, pins }: Position, n: number): number =>
  init === injects.bit && n === 0 && pins[0] === undefined ? 0 : 1;
