/**
 * Population count as hardware: a bit heap reduced by 6:3 and 3:2 counters written as boolean equations (which Yosys maps
 * to one LUT per bit of a 256-bit count, against three for a loop), and one carry-propagate adder at the end.
 */

import { input, output } from './interface.ts';
import { bitsFor } from './ir.ts';
import { type Design, defineModule, type ModuleBuilder } from './module.ts';
import { cat, type UInt, uint } from './signal.ts';

const fullAdder = (a: UInt, b: UInt, c: UInt): { sum: UInt; carry: UInt } => {
  const half = a.xor(b);
  return { sum: half.xor(c), carry: a.and(b).or(half.and(c)) };
};

/** Counts the ones among six bits: three 6-input look-up tables. Combinational. */
const counter63 = defineModule(
  {
    name: 'counter_6_3',
    doc: 'Number of ones among six bits: one 6-input look-up table per output bit.',
    ports: { x: input(uint(6), 'bits to count'), count: output(uint(3), 'number of ones, 0 to 6') },
  },
  (m, { x, count }) => {
    m.comment('Two full adders over three bits each.');
    const low = fullAdder(x.bit(0), x.bit(1), x.bit(2));
    const high = fullAdder(x.bit(3), x.bit(4), x.bit(5));
    low.sum.named('sum_low');
    low.carry.named('carry_low');
    high.sum.named('sum_high');
    high.carry.named('carry_high');
    const twos = fullAdder(low.carry, high.carry, low.sum.and(high.sum).named('carry_ones'));
    count.drive(cat(twos.carry, twos.sum, low.sum.xor(high.sum)));
  },
);

/** Columns of equally weighted bits, least significant first. */
type Heap = readonly (readonly UInt[])[];

/** One level of counters over every column of three bits or more. */
function reduce(m: ModuleBuilder, heap: Heap, level: number): Heap {
  const next: UInt[][] = Array.from({ length: heap.length + 2 }, () => []);
  heap.forEach((column, weight) => {
    let rest = column;
    for (let i = 0; rest.length > 2; i++) {
      const taken = rest.slice(0, 6);
      rest = rest.slice(taken.length);
      const name = `level_${level}_weight_${weight}_${i}`;
      if (taken.length === 3) {
        const { sum, carry } = fullAdder(taken[0]!, taken[1]!, taken[2]!);
        next[weight]!.push(sum.named(`${name}_sum`));
        next[weight + 1]!.push(carry.named(`${name}_carry`));
      } else {
        const counter = m.instance(name, counter63);
        const word = taken.length === 1 ? taken[0]! : cat(...([...taken].reverse() as [UInt, ...UInt[]]));
        counter.x.drive(word.ext(6));
        for (const k of [0, 1, 2]) next[weight + k]!.push(counter.count.bit(k));
      }
    }
    next[weight]!.push(...rest);
  });
  while (next.at(-1)?.length === 0) next.pop();
  return next;
}

/** The counter of `width` bits, combinational; output as wide as `popcount` of the IR. */
export function popcountDesign(width: number): Design {
  const bits = bitsFor(BigInt(width));
  return defineModule(
    {
      name: `popcount_${width}`,
      doc: `Number of ones among ${width} bits. Combinational: 6:3 counters, then one adder.`,
      ports: { x: input(uint(width), 'bits to count'), count: output(uint(bits), `number of ones, 0 to ${width}`) },
    },
    (m, { x, count }) => {
      let heap: Heap = [Array.from({ length: width }, (_, i) => x.bit(i))];
      for (let level = 0; heap.some((column) => column.length > 2); level++) {
        m.comment(`Level ${level}: ${heap.map((c) => c.length).join(' + ')} bits by weight, least significant first.`);
        heap = reduce(m, heap, level);
      }
      const row = (k: number): UInt => {
        const zero = m.constant(uint(1), 0);
        const word = heap.map((column) => column[k] ?? zero).reverse();
        return cat(...(word as [UInt, ...UInt[]]));
      };
      const first = row(0).ext(Math.max(bits, heap.length));
      if (!heap.some((column) => column.length > 1)) {
        count.drive(first.trunc(bits));
        return;
      }
      m.comment('At most two bits of each weight are left: add them.');
      const total = first.named('addend_0').add(row(1).ext(first.width).named('addend_1')).named('total');
      count.drive(total.trunc(bits));
    },
  );
}
