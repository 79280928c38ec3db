/** A plan as hardware: which bits of the heap go where. How counters are made of them is a `Realization`'s business. */
import { bit, cat, type ModuleBuilder, type UInt } from '../../gen/index.ts';
import type { Chain, Operation, Plan } from './plan.ts';

export const operations: { readonly [O in Operation]: (a: UInt, b: UInt) => UInt } = {
  and: (a, b) => a.and(b),
  nand: (a, b) => a.and(b).not(),
  xnor: (a, b) => a.xor(b).not(),
};

/** What fills a slot, for all of the chains side by side: bit i is the i-th chain's. */
export type Operand =
  | { readonly kind: 'bit'; readonly bits: UInt }
  | { readonly kind: 'product'; readonly operation: Operation; readonly a: UInt; readonly b: UInt };

/** Chains side by side, with their inputs. */
export interface Group {
  /** For names: unique in the plan. */
  readonly name: string;
  readonly chain: Chain;
  /** By step and slot. */
  readonly slots: readonly (readonly (Operand | undefined)[])[];
  readonly carryIn: Operand | undefined;
  /** Whether the carry out of the chains is wanted. */
  readonly carryOut: boolean;
}

/** Of an operand that is no product. */
export const bitsOf = (o: Operand | undefined): UInt | undefined => (o?.kind === 'bit' ? o.bits : undefined);

/** Sums and what leaves beside, of all chains of a group: in the order of `traffic`, of one bit for each chain. */
export type Realization = (m: ModuleBuilder, level: readonly Group[], name: string) => readonly (readonly UInt[])[];

/** The bits of one column at one level, handed out from the lowest up. */
interface Supply {
  readonly bits: UInt | undefined;
  next: number;
}

interface ProductSupply {
  readonly operation: Operation;
  readonly a: UInt | undefined;
  readonly b: UInt | undefined;
  next: number;
}

export interface Inputs {
  /** By column; undefined where there are none. */
  readonly bits: readonly (UInt | undefined)[];
  readonly a: readonly (UInt | undefined)[];
  readonly b: readonly (UInt | undefined)[];
}

/** The sum of all bits, mod 2^width, `plan.latency` cycles later; at once without `enable`. */
export function netlist(
  m: ModuleBuilder,
  plan: Plan,
  inputs: Inputs,
  realize: Realization,
  enable: UInt | undefined,
): UInt {
  const { width, levels, every, heap } = plan;
  let columns: (UInt | undefined)[] = Array.from({ length: width }, (_, c) => inputs.bits[c]);
  const products: ProductSupply[] = Array.from({ length: width }, (_, c) => ({
    operation: heap[c]?.operation ?? 'and',
    a: inputs.a[c],
    b: inputs.b[c],
    next: 0,
  }));
  for (const [n, level] of levels.entries()) {
    const supplies = columns.map((bits): Supply => ({ bits, next: 0 }));
    const groups = level.map((chain, i) => groupOf(chain, `l${n}_${i}`, width, supplies, products));
    m.comment(`Level ${n + 1}: ${level.length === 0 ? 'nothing' : level.map(describe).join('; ')}.`);
    const made = realize(m, groups, `l${n}`);
    const rests = supplies.map(({ bits, next }) => rest(bits, next));
    const parts = rests.map((r) => (r === undefined ? [] : [r]));
    for (const [i, group] of groups.entries()) {
      for (const [k, column] of outputColumns(group.chain, width).entries()) parts[column]!.push(made[i]![k]!);
    }
    const last = n === levels.length - 1;
    const registered = enable !== undefined && ((n + 1) % every === 0 || last);
    columns = parts.map((p, c) => {
      const whole = joined(p);
      if (whole === undefined) return undefined;
      const name = last ? `sum_w${c}` : `l${n + 1}_w${c}`;
      return registered ? m.delay(name, whole, { enable }) : whole.named(name);
    });
  }
  const zero = m.constant(bit, 0);
  let sum: UInt = joined(columns.map((c) => c ?? zero))!;
  for (let i = Math.ceil(levels.length / every); enable !== undefined && i < plan.latency; i++)
    sum = m.delay(`sum_at_${i + 1}`, sum, { enable });
  return sum;
}

export const joined = (parts: readonly UInt[]): UInt | undefined =>
  parts.length === 0 ? undefined : cat(...([...parts].reverse() as [UInt, ...UInt[]]));

const rest = (bits: UInt | undefined, from: number): UInt | undefined =>
  bits === undefined || from === bits.width ? undefined : bits.slice(bits.width - 1, from);

/** The columns that a chain's bits go to, in the order in which a realization gives them. */
export function outputColumns({ start, steps }: Chain, width: number): number[] {
  const columns: number[] = [];
  let at = start;
  for (const v of steps) {
    for (let p = 0; p < v.positions; p++) columns.push(at + p);
    for (const o of v.counter.outs) columns.push(at + o.column);
    at += v.positions;
  }
  if (at > start && at < width) columns.push(at);
  return columns;
}

function groupOf(
  chain: Chain,
  name: string,
  width: number,
  bits: readonly Supply[],
  products: readonly ProductSupply[],
): Group {
  const { times } = chain;
  const take = (s: Supply): UInt => {
    s.next += times;
    return s.bits!.slice(s.next - 1, s.next - times);
  };
  const taken = (s: Supply): Operand => ({ kind: 'bit', bits: take(s) });
  const takeProduct = (s: ProductSupply): Operand => {
    s.next += times;
    const part = (x: UInt | undefined): UInt => x!.slice(s.next - 1, s.next - times);
    return { kind: 'product', operation: s.operation, a: part(s.a), b: part(s.b) };
  };
  let at = chain.start;
  const carryOf = { none: () => undefined, bit: () => taken(bits[at]!), product: () => takeProduct(products[at]!) };
  const carryIn = carryOf[chain.carryIn ?? 'none']();
  const slots = chain.steps.map((v) => {
    const filled = v.counter.slots.map((slot, i): Operand | undefined => {
      const column = at + slot.column;
      if (v.filling[i] === 'product') return takeProduct(products[column]!);
      return v.filling[i] === 'bit' ? taken(bits[column]!) : undefined;
    });
    at += v.positions;
    return filled;
  });
  return { name, chain, slots, carryIn, carryOut: at > chain.start && at < width };
}

/** As in the table of a plan: `3 x (2](0,6] at 2^1`. */
export const describe = ({ times, steps, start, carryIn }: Chain): string =>
  `${times} x ${steps.map((v) => v.counter.name).join('')}${carryIn === undefined ? '' : ` with ${carryIn === 'bit' ? 'carry' : carryIn}`} at 2^${start}`;
