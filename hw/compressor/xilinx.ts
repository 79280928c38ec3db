/** Counters as LUT6_2 and CARRY8 (UltraScale+) or CARRY4 (7-series). */
import { bit, type ModuleBuilder, type UInt } from '../../gen/index.ts';
import type { Lut } from './counter.ts';
import { bitsOf, type Group, joined, type Operand, outputColumns, type Realization } from './netlist.ts';
import { type Level, positionsOf } from './plan.ts';
import { inputsOf, tableOf } from './table.ts';
import { carry4, carry8, lut6, lut62, lutPins } from './vendor.ts';

/** What a position of a chain gets from its LUT. */
interface Position {
  readonly s: UInt;
  readonly di: UInt | undefined;
}

/** A carry chain: its positions from the lowest up, and what is to become of its sums. */
interface Request {
  readonly carryIn: UInt | undefined;
  readonly positions: readonly Position[];
  done(sums: readonly UInt[], carry: UInt): void;
}

export const xilinx =
  (carry: 'CARRY8' | 'CARRY4'): Realization =>
  (m, level, name) => {
    const requests: Request[] = [];
    const library = { one: remembered(lut6), both: remembered(lut62) };
    const groups = level.map((group) => luts(m, group, library, requests));
    (carry === 'CARRY8' ? placeCarry8 : placeCarry4)(m, requests, name);
    return groups.map((columns) => columns.flatMap((bits) => joined(bits) ?? []));
  };

/** LUTs by their table: each is defined once. */
interface Library {
  readonly one: typeof lut6;
  readonly both: typeof lut62;
}

function remembered<T>(make: (init: bigint) => T): (init: bigint) => T {
  const known = new Map<bigint, T>();
  return (init) => {
    const found = known.get(init) ?? make(init);
    known.set(init, found);
    return found;
  };
}

/** The LUTs of a group; its bits by output column and chain, which are complete when the requests are done. */
function luts(m: ModuleBuilder, group: Group, library: Library, requests: Request[]): UInt[][] {
  const { name, chain, slots, carryIn, carryOut } = group;
  const columns: UInt[][] = outputColumns(chain, Number.POSITIVE_INFINITY).map(() => []);
  for (let i = 0; i < chain.times; i++) {
    const positions: Position[] = [];
    const sumColumns: number[] = [];
    let column = 0;
    const put = (c: number, b: UInt): void => void columns[c]!.push(b);
    for (const [s, v] of chain.steps.entries()) {
      const made = v.counter.luts.map((l, k) => lut(m, library, `${name}_${i}_s${s}_${k}`, l, slots[s]!, i));
      for (const [k, l] of v.counter.luts.entries()) {
        if (l.generate === undefined) continue;
        const slot = l.generate === 'o5' ? undefined : slots[s]![l.generate];
        const di = l.generate === 'o5' ? made[k]!.o5 : slot?.kind === 'bit' ? slot.bits.bit(i) : undefined;
        positions.push({ s: made[k]!.o6, di });
        sumColumns.push(column++);
      }
      for (const o of v.counter.outs) put(column++, made[o.lut]![o.pin]!);
    }
    if (positions.length === 0) continue;
    const last = column;
    requests.push({
      carryIn: bitsOf(carryIn)?.bit(i),
      positions,
      done: (sums, carry) => {
        for (const [p, c] of sumColumns.entries()) put(c, sums[p]!);
        if (carryOut) put(last, carry);
        else m.unused(carry);
      },
    });
  }
  return columns;
}

/** A LUT of one function or two, its unused inputs at 1. */
function lut(
  m: ModuleBuilder,
  library: Library,
  name: string,
  l: Lut,
  slots: readonly (Operand | undefined)[],
  i: number,
): { readonly o6: UInt; readonly o5: UInt | undefined } {
  const operands = l.sees.map((s) => slots[s]);
  const pins = inputsOf(operands).map((x) => x.bit(i));
  const drive = (inputs: { readonly [P in (typeof lutPins)[number]]: { drive(b: UInt): void } }): void =>
    lutPins.forEach((p, n) => void inputs[p].drive(pins[n] ?? m.constant(bit, 1)));
  if (l.o5 === undefined) {
    const one = m.instance(name, library.one(tableOf(l.o6, operands, 6)));
    drive(one);
    return { o6: one.O, o5: undefined };
  }
  const both = m.instance(name, library.both((tableOf(l.o6, operands, 5) << 32n) | tableOf(l.o5, operands, 5)));
  drive(both);
  return { o6: both.O6, o5: both.O5 };
}

/** Fields of a carry cell. */
interface Cell {
  readonly s: readonly UInt[];
  readonly di: readonly UInt[];
}

function fields(m: ModuleBuilder, positions: readonly Position[], width: number): Cell {
  const zero = m.constant(bit, 0);
  const at = (of: (p: Position) => UInt | undefined): UInt[] =>
    Array.from({ length: width }, (_, i) => (positions[i] && of(positions[i])) ?? zero);
  return { s: at((p) => p.s), di: at((p) => p.di) };
}

/** Carry cells of a level: CARRY8 as `placeCarry8` has them, or CARRY4. */
export function xilinxCells(carry: 'CARRY8' | 'CARRY4', level: Level): number {
  const chains = level.map((c) => ({ times: c.times, length: positionsOf(c) }));
  const cells = (size: number, of: typeof chains): number =>
    of.reduce((n, c) => n + c.times * Math.ceil(c.length / size), 0);
  if (carry === 'CARRY4') return cells(4, chains);
  const short = chains.filter(({ length }) => length <= 4);
  return (
    Math.ceil(cells(4, short) / 2) +
    cells(
      8,
      chains.filter(({ length }) => length > 4),
    )
  );
}

/** Chains of up to four positions two to a cell, longer ones in whole cells one behind the other. */
function placeCarry8(m: ModuleBuilder, requests: readonly Request[], name: string): void {
  const zero = m.constant(bit, 0);
  const short = requests.filter((r) => r.positions.length <= 4);
  let cells = 0;
  for (let i = 0; i < short.length; i += 2) {
    const [low, high] = [short[i]!, short[i + 1]];
    const cell = m.instance(`${name}_carry_${cells++}`, carry8(high === undefined ? 'SINGLE_CY8' : 'DUAL_CY4'));
    const [l, h] = [low, high].map((r) => fields(m, r?.positions ?? [], 4));
    cell.CI.drive(low.carryIn ?? zero);
    cell.CI_TOP.drive(high?.carryIn ?? zero);
    cell.S.drive(joined([...l!.s, ...h!.s])!);
    cell.DI.drive(joined([...l!.di, ...h!.di])!);
    finishChain(m, low, cell.O, cell.CO, 0);
    if (high !== undefined) finishChain(m, high, cell.O, cell.CO, 4);
    else m.unused(cell.O.shr(4), cell.CO.shr(4));
  }
  for (const r of requests.filter((r) => r.positions.length > 4)) {
    placeLong(m, r, 8, (carry, f) => {
      const cell = m.instance(`${name}_carry_${cells++}`, carry8('SINGLE_CY8'));
      cell.CI.drive(carry);
      cell.CI_TOP.drive(zero);
      cell.S.drive(joined(f.s)!);
      cell.DI.drive(joined(f.di)!);
      return cell;
    });
  }
}

function placeCarry4(m: ModuleBuilder, requests: readonly Request[], name: string): void {
  const zero = m.constant(bit, 0);
  let cells = 0;
  for (const r of requests) {
    placeLong(m, r, 4, (carry, f, first) => {
      const cell = m.instance(`${name}_carry_${cells++}`, carry4);
      cell.CI.drive(first ? zero : carry);
      cell.CYINIT.drive(first ? carry : zero);
      cell.S.drive(joined(f.s)!);
      cell.DI.drive(joined(f.di)!);
      return cell;
    });
  }
}

function placeLong(
  m: ModuleBuilder,
  r: Request,
  size: number,
  place: (carry: UInt, f: Cell, first: boolean) => { readonly O: UInt; readonly CO: UInt },
): void {
  let carry = r.carryIn ?? m.constant(bit, 0);
  const sums: UInt[] = [];
  for (let from = 0; from < r.positions.length; from += size) {
    const here = r.positions.slice(from, from + size);
    const { O, CO } = place(carry, fields(m, here, size), from === 0);
    for (let p = 0; p < here.length; p++) sums.push(O.bit(p));
    if (here.length < size) m.unused(O.shr(here.length));
    m.unused(CO);
    carry = CO.bit(here.length - 1);
  }
  r.done(sums, carry);
}

/** A chain in positions `from` and up of a cell. */
function finishChain(m: ModuleBuilder, r: Request, O: UInt, CO: UInt, from: number): void {
  const count = r.positions.length;
  m.unused(CO, O);
  r.done(
    r.positions.map((_, p) => O.bit(from + p)),
    CO.bit(from + count - 1),
  );
}
