/** Adds up the partial sums of a row, over columns in one go or, in column-major order, from a stored sum on. */
import { type ModuleBuilder, type Pipeline, type SInt, saturate, sint, sum, type UInt } from '../../gen/index.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

/** How a partial sum counts; all together with it. */
export interface Accumulation {
  readonly partial: SInt;
  /** The pipeline moves in this cycle, and the partial sum counts. */
  readonly take: UInt;
  /** It is the first of its row; it goes on from `stored`, not from the sum before. */
  readonly first: UInt;
  readonly recall: UInt;
  readonly stored: SInt;
}

export interface Sums {
  /** The new sum, for the memory; the last that was taken. */
  readonly next: SInt;
  readonly total: SInt;
}

/** x in the width of sums: known to fit, or saturated. */
export function asSum(x: SInt, p: MatmulParameters): SInt {
  const type = sint(matmulWidths(p).sum);
  if (p.saturate !== undefined) return saturate(x, type);
  return x.width > type.width ? x.trunc(type.width) : x.ext(type.width);
}

/** One adder and its register: 0, `stored` or the sum before, plus `partial`. Latency 1; a partial sum per cycle. */
export function accumulate(m: ModuleBuilder, p: MatmulParameters, a: Accumulation): Sums {
  const w = matmulWidths(p);
  m.comment('Accumulate over the columns of a row.');
  const total = m.register('running', sint(w.sum), { enable: a.take });
  if (w.storedTiles === 0) m.unused(a.recall, a.stored);
  const kept = w.storedTiles === 0 ? total : a.recall.mux(a.stored, total);
  const before = a.first.mux(m.constant(sint(w.sum), 0), kept).named('total_before');
  const exact = a.partial.add(before).named('next_total');
  const next = asSum(exact, p);
  total.next(next);
  if (p.saturate === undefined)
    m.assert('total_fits', a.take.not().or(next.ext(exact.width).eq(exact)), 'the accumulator holds every sum');
  return { next, total };
}

/** Sums of segments as one; where there are several, with a register. */
export function sumOfSegments(pipe: Pipeline, partials: readonly SInt[]): SInt {
  const all = sum(partials, 'segments');
  return partials.length === 1 ? all : pipe.stage('partial', all);
}

/** What is wanted of a lane's sums of K columns, as `sumInterface` has it. */
export interface Totals {
  readonly advance: UInt;
  readonly run: UInt;
  readonly firstPlane: UInt;
  readonly take: UInt;
  readonly first: UInt;
  readonly recall: UInt;
  readonly stored: SInt;
  readonly next: { drive(value: SInt): void };
  readonly total: { drive(value: SInt): void };
}

/** The end of a lane: sums of K columns and a weight plane, added up over planes and columns. */
export function sumUp(m: ModuleBuilder, p: MatmulParameters, io: Totals, plane: SInt): void {
  if (p.planes === 1) m.unused(io.run, io.firstPlane);
  const run = io.advance.and(io.run).named('run_plane');
  const digits = { name: 'planes', count: p.planes, bits: 1, first: io.firstPlane, take: run };
  const partial = p.planes === 1 ? plane : addDigits(m, plane, digits);
  const take = io.advance.and(io.take).named('accumulate');
  const { next, total } = accumulate(m, p, { ...io, partial, take });
  io.next.drive(next);
  io.total.drive(total);
}

/** Digits that come one after the other, the highest first. */
export interface Digits {
  /** Of the sum's register. */
  readonly name: string;
  readonly count: number;
  /** Bits of a digit. */
  readonly bits: number;
  readonly first: UInt;
  readonly take: UInt;
}

/** sum_k 2^(bits k) x_k over digits k: 0 or the sum before, shifted, plus x. Latency 1. */
export function addDigits(m: ModuleBuilder, x: SInt, { name, count, bits, first, take }: Digits): SInt {
  const width = x.width + bits * (count - 1) + 1;
  const digits = m.register(name, sint(width), { enable: take });
  const before = first.mux(m.constant(digits.type, 0), digits.shl(bits).trunc(width)).named(`${name}_before`);
  const next = before.add(x).named(`next_${name}`).trunc(width);
  digits.next(next);
  return digits;
}
