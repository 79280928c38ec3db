/** Adds up the partial sums of a row, over columns in one go or, in column-major order, from a stored sum on. */
import { type ModuleBuilder, type SInt, saturate, sint, type UInt } from '../../gen/index.ts';
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

/** sum_k 2^k x_k over the planes k of weights, highest first: 0 or twice the sum before, plus x. Latency 1. */
export function addPlanes(m: ModuleBuilder, p: MatmulParameters, x: SInt, first: UInt, take: UInt): SInt {
  const width = x.width + p.planes;
  const sum = m.register('planes', sint(width), { enable: take });
  const before = first.mux(m.constant(sum.type, 0), sum.shl(1).trunc(width)).named('planes_before');
  const next = before.add(x).named('next_planes').trunc(width);
  sum.next(next);
  return sum;
}
