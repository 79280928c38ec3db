/** FIRRTL has no population count: it is a module of its own, a tree of adders that grow. */
import { bitsFor } from '../ir.ts';
import { bits, tree } from './expressions.ts';

/** The statements of the counter of `width` bits: input `x`, output `count`, just wide enough for `width`. */
export function popcountBody(width: number): string {
  const count = bitsFor(BigInt(width));
  const lines = [`input x : UInt<${width}>`, `output count : UInt<${count}>`, ''];
  let level = Array.from({ length: width }, (_, i) => bits('x', i, i));
  let grown = 1;
  for (let depth = 1; level.length > 1; depth++) {
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
      const pair = level.slice(2 * i, 2 * i + 2);
      if (pair.length === 1) return pair[0]!;
      lines.push(`node s${depth}_${i} = ${tree('add', pair)}`);
      return `s${depth}_${i}`;
    });
    grown++;
  }
  lines.push(`connect count, ${grown > count ? bits(level[0]!, count - 1, 0) : level[0]}`);
  return lines.map((line) => (line === '' ? '\n' : `    ${line}\n`)).join('');
}
