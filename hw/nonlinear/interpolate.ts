/** A table of golden's with straight lines between its samples, in a pipeline: a block RAM and one multiplier. */
import {
  bitsFor,
  type ModuleBuilder,
  type Pipeline,
  roundShift,
  type SInt,
  sint,
  type UInt,
  widthOf,
} from '../../gen/index.ts';
import type { Table } from '../../golden/fixed/index.ts';

/** Bits of an argument of `table`: of the segment's number, then of the place in the segment. */
export const argumentBits = ({ values, stepBits }: Table): number => bitsFor(BigInt(values.length - 2)) + stepBits;

const signedBits = (values: readonly number[]): number => Math.max(...values.map((v) => bitsFor(BigInt(v), true)));

/** LUTs that take as large a share of a device as a RAMB18 does (xcu280: 1 303 680 of 4 032): below, synthesis may choose LUTs. */
const lutsPerBlock = 323;
const romStyle = (words: number, width: number): 'block' | 'auto' =>
  (words * width) / 64 < lutsPerBlock ? 'auto' : 'block';

/** Low bits that are 0 in every value. */
function grain(values: readonly number[]): number {
  const bits = values.reduce((some, v) => some | v, 0);
  return bits === 0 ? 0 : 31 - Math.clz32(bits & -bits);
}

/**
 * values[i] + round((values[i+1] - values[i]) f / 2^stepBits) with argument = i 2^stepBits + f: golden's `interpolate`. One
 * word of the ROM holds a sample and the rise to the next, without low bits that are 0 in all. Arguments behind the last segment give
 * something undefined.
 *
 *     latency     3: read, product, sum
 *     memory      (samples - 1) words, read by a register: block RAM, or what synthesis likes where LUTs take the smaller share of a device
 *     multiplier  rise x (stepBits + 1), signed
 */
export function interpolate(
  m: ModuleBuilder,
  p: Pipeline,
  name: string,
  table: Table,
  argument: UInt,
  enable: UInt,
): SInt {
  const { stepBits } = table;
  const unit = Math.min(grain([...table.values]), stepBits - 1);
  const values = [...table.values].map((v) => v / 2 ** unit);
  const rises = values.slice(0, -1).map((v, i) => values[i + 1]! - v);
  values.pop();
  const shape = { value: sint(signedBits(values)), rise: sint(signedBits(rises)) };
  const rom = m.memory(`${name}_segments`, {
    depth: values.length,
    shape,
    init: values.map((value, i) => ({ value, rise: rises[i]! })),
    style: romStyle(values.length, widthOf(shape)),
  });
  const from = p.latency(argument);
  const segment = p.enter(
    rom.read(`${name}_segment`, argument.slice(argument.width - 1, stepBits), { enable }),
    from + 1,
  );
  const place = p
    .at(argument.trunc(stepBits).named(`${name}_rest`), from + 1)
    .toSigned()
    .named(`${name}_place`);
  // of the bits that are rounded away the highest decides
  const product = p.stage(`${name}_product`, segment.rise.mul(place).shr(stepBits - unit - 1));
  const part = roundShift(product, 1, 'half-up').named(`${name}_part`);
  return p.join({ part, value: segment.value }, (at) => p.stage(`${name}_between`, at.value.shl(unit).add(at.part)));
}
