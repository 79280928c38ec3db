/** Ways in which AND and popcount are written elsewhere, as designs: what ours are compared with. */
import { bitsFor, cat, type Design, defineModule, input, output, sum, type UInt, uint } from '../../gen/index.ts';

type Count = (bits: readonly UInt[]) => UInt;

/** One adder behind the other. */
const loop: Count = (bits) =>
  bits.slice(1).reduce((total, b, i) => {
    const width = bitsFor(BigInt(i + 2));
    return total.ext(width).add(b.ext(width)).trunc(width);
  }, bits[0]!);

const tree: Count = (bits) => sum(bits, 'tree');

/** Full adders until two bits of each weight are left, then one adder: carry save. */
const carrySave: Count = (bits) => {
  let columns: UInt[][] = [[...bits]];
  while (columns.some((c) => c.length > 2)) {
    const next: UInt[][] = Array.from({ length: columns.length + 1 }, () => []);
    for (const [w, column] of columns.entries()) {
      for (let i = 0; i < column.length; i += 3) {
        const [a, b, c] = column.slice(i, i + 3);
        if (c === undefined) next[w]!.push(...column.slice(i));
        else {
          const half = a!.xor(b!);
          next[w]!.push(half.xor(c));
          next[w + 1]!.push(a!.and(b!).or(half.and(c)));
        }
      }
    }
    columns = next.filter((c) => c.length > 0);
  }
  const row = (k: 0 | 1): UInt => {
    const zero = bits[0]!.xor(bits[0]!);
    return cat(...(columns.map((c) => c[k] ?? zero).reverse() as [UInt, ...UInt[]]));
  };
  return row(0).add(row(1));
};

/** Levels of 6:3 counters as equations: gen's own print of a popcount. */
const sixThree: Count = (bits) => cat(...([...bits].reverse() as [UInt, ...UInt[]])).popcount();

export function forms(n: number): Readonly<Record<'loop' | 'tree' | 'carry_save' | 'six_three', Design>> {
  const ports = {
    w: input(uint(n), 'weights'),
    q: input(uint(n), 'activations'),
    count: output(uint(bitsFor(BigInt(n))), 'ones of weight AND activation'),
  };
  const form = (name: string, count: Count): Design =>
    defineModule({ name: `${name}_${n}`, doc: 'AND and popcount.', ports }, (_m, io) => {
      const products = io.w.and(io.q).named('products');
      const total = count(Array.from({ length: n }, (_, i) => products.bit(i)));
      const { width } = io.count;
      io.count.drive(total.width >= width ? total.trunc(width) : total.ext(width));
    }) as Design;
  return {
    loop: form('loop', loop),
    tree: form('tree', tree),
    carry_save: form('carry_save', carrySave),
    six_three: form('six_three', sixThree),
  };
}
