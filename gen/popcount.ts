/**
 * Population count as hardware: a bit heap reduced by 6:3 and 3:2 counters written as boolean equations, which Yosys maps to
 * about one LUT per bit (three for a loop), and one carry-propagate adder at the end. All counters of a weight and level
 * work side by side on vectors: counter i takes bit i of each of its operands. That is what keeps the Verilog short, and
 * simulators that compute on words fast.
 */
import { input, output } from './interface.ts';
import { bitsFor } from './ir.ts';
import { type Design, defineModule, type ModuleBuilder } from './module.ts';
import { uint } from './shape.ts';
import { cat, type UInt } from './signal.ts';

/** Bits of one weight each, least significant first; the order within a weight is free. */
type Heap = readonly (UInt | undefined)[];

interface Sum {
  readonly ones: UInt;
  readonly twos: UInt;
}

/** Full adders, bit by bit. */
function add3(a: UInt, b: UInt, c: UInt, name: string): Sum {
  const half = a.xor(b).named(`${name}_half`);
  return { ones: half.xor(c).named(`${name}_ones`), twos: a.and(b).or(half.and(c)).named(`${name}_twos`) };
}

/** 6:3 counters, bit by bit: three 6-input functions. */
function add6(x: readonly UInt[], name: string): readonly [UInt, UInt, UInt] {
  const low = add3(x[0]!, x[1]!, x[2]!, `${name}_low`);
  const high = add3(x[3]!, x[4]!, x[5]!, `${name}_high`);
  const carry = low.ones.and(high.ones).named(`${name}_carry`);
  const { ones, twos } = add3(low.twos, high.twos, carry, `${name}_upper`);
  return [low.ones.xor(high.ones).named(`${name}_ones`), ones, twos];
}

const joined = (parts: readonly UInt[]): UInt | undefined =>
  parts.length === 0 ? undefined : cat(...(parts as [UInt, ...UInt[]]));

/** One level of counters over every weight that has three bits or more. */
function reduce(m: ModuleBuilder, heap: Heap, level: number): Heap {
  const next: UInt[][] = Array.from({ length: heap.length + 2 }, () => []);
  heap.forEach((column, w) => {
    if (column === undefined) return;
    const part = (first: number, count: number): UInt => column.slice(first + count - 1, first);
    const sixes = Math.floor(column.width / 6);
    let done = 6 * sixes;
    if (column.width - done >= 3) {
      const [a, b, c] = [0, 1, 2].map((k) => part(done + k, 1)) as [UInt, UInt, UInt];
      const { ones, twos } = add3(a, b, c, `l${level}_w${w}_three`);
      next[w]!.push(ones);
      next[w + 1]!.push(twos);
      done += 3;
    }
    if (sixes > 0) {
      const counted = add6(
        [0, 1, 2, 3, 4, 5].map((k) => part(k * sixes, sixes)),
        `l${level}_w${w}_six`,
      );
      counted.forEach((bits, k) => void next[w + k]!.push(bits));
    }
    if (done < column.width) next[w]!.push(part(done, column.width - done));
  });
  m.comment(`Level ${level + 1}.`);
  const columns = next.map((parts, w) => joined(parts)?.named(`l${level + 1}_w${w}`));
  while (columns.at(-1) === undefined) columns.pop();
  return columns;
}

/** The counter of `width` bits, combinational; its output is as wide as `popcount` of the IR. */
export function popcountDesign(width: number): Design {
  const bits = bitsFor(BigInt(width));
  return defineModule(
    {
      name: `popcount_${width}`,
      doc: [
        `Number of ones among ${width} bits. Combinational: levels of 6:3 and 3:2 counters, then one adder.`,
        'l<n>_w<k> are the bits of weight 2^k that are left at level n.',
      ].join('\n'),
      ports: { x: input(uint(width), 'bits to count'), count: output(uint(bits), `number of ones, 0 to ${width}`) },
    },
    (m, { x, count }) => {
      m.comment('Level 0.');
      let heap: Heap = [x];
      for (let level = 0; heap.some((c) => c !== undefined && c.width > 2); level++) heap = reduce(m, heap, level);
      m.comment('At most two bits of each weight are left.');
      const zero = m.constant(uint(1), 0);
      const row = (k: number): UInt => {
        const word = heap.map((c) => (c !== undefined && k < c.width ? c.bit(k) : zero)).reverse();
        const wide = cat(...(word as [UInt, ...UInt[]]));
        return wide.ext(Math.max(bits, wide.width)).named(`addend_${k}`);
      };
      if (heap.every((c) => c === undefined || c.width === 1)) count.drive(row(0).trunc(bits));
      else count.drive(row(0).add(row(1)).named('total').trunc(bits));
    },
  );
}
