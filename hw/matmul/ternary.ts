/** Sums of three numbers in one carry chain, and trees of them. */
import {
  cat,
  type Design,
  defineModule,
  input,
  type ModuleBuilder,
  output,
  type Pipeline,
  pack,
  type SInt,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { carry8, lut62 } from '../compressor/vendor.ts';
import type { CellFamily } from './parameters.ts';

const ports = (width: number) => ({
  a: input(uint(width), 'addend'),
  b: input(uint(width), 'addend'),
  c: input(uint(width), 'addend'),
  sum: output(uint(width + 2), 'a + b + c'),
});

/** A LUT6_2 by its functions of I0 to I3; I5 is 1. */
const table = (o6: (x: readonly number[]) => boolean, o5: (x: readonly number[]) => boolean): bigint => {
  let init = 0n;
  for (let i = 0; i < 32; i++) {
    const x = [0, 1, 2, 3].map((k) => (i >> k) & 1);
    if (o5(x)) init |= 1n << BigInt(i);
    if (o6(x)) init |= 1n << BigInt(32 + i);
  }
  return init;
};
const ones = (x: readonly number[]): number => x.reduce((n, v) => n + v, 0);
const position = lut62(
  table(
    (x) => ones(x) % 2 === 1,
    ([a, b, c]) => a! + b! + c! >= 2,
  ),
);

/**
 * a + b + c in width + 1 LUT6_2: position i adds a_i + b_i + c_i to the majority of the position before it in the chain; the top bit is
 * the carry out. Combinational.
 */
function makeAdder(width: number): Design<ReturnType<typeof ports>> {
  const doc = `a + b + c in ${width + 1} LUTs and a carry chain. Combinational.`;
  return defineModule({ name: `ternary_${width}`, doc, ports: ports(width) }, (m, { a, b, c, sum }) => {
    const zero = m.constant(uint(1), 0);
    const passes: UInt[] = [];
    const generates: UInt[] = [];
    let majority: UInt = zero;
    for (let i = 0; i <= width; i++) {
      const lut = m.instance(`position_${i}`, position);
      const inputs = i < width ? [a.bit(i), b.bit(i), c.bit(i)] : [zero, zero, zero];
      lut.I0.drive(inputs[0]!);
      lut.I1.drive(inputs[1]!);
      lut.I2.drive(inputs[2]!);
      lut.I3.drive(majority);
      lut.I4.drive(0);
      lut.I5.drive(1);
      passes.push(lut.O6);
      generates.push(majority);
      if (i < width) majority = lut.O5;
      else m.unused(lut.O5);
    }
    const { sums, carry } = chain(m, passes, generates, zero);
    sum.drive(cat(carry, pack(sums)));
  });
}

/** A chain of its own, made once. */
const cell8 = carry8('SINGLE_CY8');

const adders = new Map<number, ReturnType<typeof makeAdder>>();

/** Made once for each width. */
export function ternaryAdder(width: number): ReturnType<typeof makeAdder> {
  const known = adders.get(width) ?? makeAdder(width);
  adders.set(width, known);
  return known;
}

/** A carry chain of any length. */
function chain(m: ModuleBuilder, passes: readonly UInt[], generates: readonly UInt[], zero: UInt) {
  const sums: UInt[] = [];
  let carry = zero;
  for (let i = 0; i < passes.length; i += 8) {
    const cell = m.instance(`carry_${i / 8}`, cell8);
    const used = Math.min(8, passes.length - i);
    const eight = (bits: readonly UInt[]): UInt => pack(Array.from({ length: 8 }, (_, k) => bits[i + k] ?? zero));
    cell.CI.drive(carry);
    cell.CI_TOP.drive(0);
    cell.DI.drive(eight(generates));
    cell.S.drive(eight(passes));
    sums.push(...Array.from({ length: used }, (_, k) => cell.O.bit(k)));
    if (used < 8) m.unused(cell.O, cell.CO);
    if (used === 8 && i + 8 < passes.length) m.unused(cell.CO);
    carry = cell.CO.bit(used - 1);
    m.unused(cell.CO);
  }
  return { sums, carry };
}

/** An unsigned value and the most that it can be. */
export interface Bounded {
  readonly value: UInt;
  readonly most: bigint;
}

/**
 * The sum of many values, three by three, a register after each level: `levels(n)` moves of the pipeline. `cells` as in
 * `MatmulParameters`; the portable sum of three is two adders.
 */
export function sumOfThrees(
  m: ModuleBuilder,
  pipe: Pipeline,
  terms: readonly Bounded[],
  { name, cells }: { readonly name: string; readonly cells: 'portable' | 'xilinx' },
): Bounded {
  let level = terms;
  for (let depth = 1; level.length > 1; depth++) {
    level = Array.from({ length: Math.ceil(level.length / 3) }, (_, i) => {
      const group = level.slice(3 * i, 3 * i + 3);
      const most = group.reduce((sum, t) => sum + t.most, 0n);
      const width = most.toString(2).length;
      const as = `${name}_${depth}_${i}`;
      const sum = add(
        m,
        pipe,
        group.map((t) => t.value),
        as,
        cells,
      );
      return { value: pipe.stage(as, sum.width > width ? sum.trunc(width) : sum), most };
    });
  }
  return level[0]!;
}

function add(
  m: ModuleBuilder,
  pipe: Pipeline,
  terms: readonly UInt[],
  name: string,
  cells: 'portable' | 'xilinx',
): UInt {
  const [a, b, c] = terms;
  if (b === undefined) return a!;
  if (c === undefined) return a!.add(b);
  if (cells === 'portable') return a!.add(b).add(c);
  const width = Math.max(...terms.map((t) => t.width));
  const adder = m.instance(`${name}_adder`, ternaryAdder(width));
  adder.a.drive(a!.ext(width));
  adder.b.drive(b.ext(width));
  adder.c.drive(c.ext(width));
  return pipe.enter(adder.sum, pipe.latency(a!));
}

/** LUTs, flip-flops and carry cells (of `cell` bits) of `sumOfThrees` of so many values of a width. */
export function cellsOfThrees(
  count: number,
  width: number,
  cells: CellFamily = 'portable',
  cell = 4,
): { readonly lut: number; readonly ff: number; readonly carry: number } {
  let [lut, ff, carry] = [0, 0, 0];
  const bitsOf = (most: bigint): number => most.toString(2).length;
  let level = new Array<bigint>(count).fill(2n ** BigInt(width) - 1n);
  while (level.length > 1) {
    level = Array.from({ length: Math.ceil(level.length / 3) }, (_, i) => {
      const group = level.slice(3 * i, 3 * i + 3);
      const most = group.reduce((sum, m) => sum + m, 0n);
      const [wide, bits] = [Math.max(...group.map(bitsOf)), bitsOf(most)];
      const primitive = cells === 'xilinx' && group.length === 3;
      // of three as equations: a LUT for two bits of carry and one for the sum; the lowest needs no carry
      lut += [0, 0, wide, primitive ? wide + 1 : 2 * wide + 1][group.length]!;
      ff += bits;
      if (group.length > 1) carry += Math.ceil(bits / (primitive ? 8 : cell));
      return most;
    });
  }
  return { lut, ff, carry };
}

/** Registers that `sumOfThrees` puts behind each other. */
export const levels = (terms: number): number => (terms <= 1 ? 0 : 1 + levels(Math.ceil(terms / 3)));

/** The sum of signed values of one width: each is taken 2^(width - 1) too large, which is taken back at the end. `levels(n)` moves. */
export function sumOfSigned(
  m: ModuleBuilder,
  pipe: Pipeline,
  terms: readonly SInt[],
  options: { readonly name: string; readonly cells: 'portable' | 'xilinx' },
): SInt {
  const { width } = terms[0]!;
  const most = 2n ** BigInt(width) - 1n;
  const raised = terms.map((x): Bounded => ({ value: signFlipped(x.asUnsigned()), most }));
  return lowered(sumOfThrees(m, pipe, raised, options).value, terms.length * 2 ** (width - 1));
}

/** x - excess, signed: where that is half the range of x, its highest bit inverted. */
export const lowered = (x: UInt, excess: number): SInt =>
  excess === 2 ** (x.width - 1) ? signFlipped(x).asSigned() : (x.sub(excess) as SInt);

const signFlipped = (x: UInt): UInt =>
  x.width === 1 ? x.not() : cat(x.bit(x.width - 1).not(), x.slice(x.width - 2, 0));
