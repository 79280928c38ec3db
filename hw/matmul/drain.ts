/** Results leave while the next tile is computed: the sums of a tile are copied, and D of them per cycle are corrected, rounded and biased. */
import {
  atMost,
  bit,
  type Inside,
  increment,
  lessBy,
  type ModuleBuilder,
  pack,
  type SInt,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { type scalars, slotOf } from './buffer.ts';
import { flagAfter, select } from './flags.ts';
import type { MatmulInterface } from './interface.ts';
import { fitted, type Matrix } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

/** A row tile whose sums are complete, and stay as long as `captured` is 0. */
export interface Tile {
  readonly done: UInt;
  /** [token][lane] */
  readonly totals: readonly (readonly SInt[])[];
  readonly bank: UInt;
  readonly rows: UInt;
  readonly last: UInt;
}

export interface Drain {
  /** The sums of a tile that is done are copied in this cycle. */
  readonly free: UInt;
  /** The last results of a matrix have left its bank. */
  readonly released: UInt;
}

/** Stages from the copied sums to the result: selected, corrected, shifted, biased. */
const stages = 4;

/**
 * y = round(2^F (U' - correction) / 2^round) + bias, halves up, with U' = 2 U for planes of signs, else U. A tile takes
 * tokens ceil(rows / D) cycles, results come 4 cycles after, all rows of a vector before the next vector.
 */
export function drain(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  tile: Tile,
  matrix: (bank: UInt) => Matrix,
  read: ReturnType<typeof scalars>,
): Drain {
  const w = matmulWidths(p);
  const { result, flush } = io;
  m.comment('Drain: a copy of the sums of a tile, and the place of those that leave.');
  const move = result.ready.or(result.valid.not()).named('move');
  const draining = m.register('draining', bit, { reset: 0 });
  const rowsLeft = m.register('drain_rows_left', uint(w.laneCount));
  const tokensLeft = m.register('drain_tokens_left', uint(w.tokenCount));
  const place = m.register('drain_place', uint(Math.max(1, Math.ceil(Math.log2(w.drains)))));
  const token = m.register('drain_token', uint(w.token));
  if (p.tokens === 1) m.unused(tokensLeft);
  if (w.drains === 1) m.unused(place);
  const lastRows = atMost(rowsLeft, p.drain).named('drain_last_rows');
  const lastToken = atMost(tokensLeft, 1).named('drain_last_token');
  const ends = lastRows.and(lastToken).named('drain_last');
  const finish = draining.and(move).and(ends).named('drain_ends');
  const free = draining.not().or(finish).named('drain_free');
  const capture = tile.done.and(free).and(flush.not()).named('capture');
  const kept = m.delay('tile', { bank: tile.bank, rows: tile.rows, last: tile.last }, { enable: capture });
  m.when(draining.and(move), () => {
    rowsLeft.next(lastRows.mux(kept.rows, lessBy(rowsLeft, p.drain)));
    place.next(lastRows.mux(m.constant(place.type, 0), increment(place)));
    m.when(lastRows, () => {
      token.next(increment(token));
      tokensLeft.next(lessBy(tokensLeft, 1));
    });
    m.when(ends, () => draining.next(0));
  });
  m.when(capture, () => {
    draining.next(1);
    rowsLeft.next(tile.rows);
    tokensLeft.next(matrix(tile.bank).tokens);
    place.next(0);
    token.next(0);
  });
  m.when(flush, () => draining.next(0));

  const pipe = m.pipeline('drain', { enable: move });
  const sums = tile.totals.map((of, t) =>
    of.map((total, r) => pipe.enter(m.delay(`sum_${t}_${r}`, total, { enable: capture }))),
  );
  const now = { place: pipe.enter(place), token: pipe.enter(token) };
  m.comment('Selected: D sums of one vector, and its scalars.');
  const chosen = Array.from({ length: p.drain }, (_, d) => {
    const ofLane = sums.map((of) =>
      select(
        Array.from({ length: w.drains }, (_, i) => of[i * p.drain + d] ?? of[d]!),
        now.place,
      ),
    );
    return pipe.stage(`selected_${d}`, select(ofLane, now.token));
  });
  const scalar = read(slotOf(kept.bank, token, p), move);
  const signs = pipe.stage('selected_signs', pipe.enter(matrix(kept.bank).signs));
  m.comment('Corrected, with F bits and one more to round by below the point; shifted; rounded and biased.');
  const correction = pipe.enter(scalar.correction, 1);
  const round = pipe.at(pipe.enter(scalar.round, 1), 2);
  const bias = pipe.at(pipe.enter(scalar.bias, 1), 3);
  if (p.maxShift === 0) m.unused(round);
  const y = chosen.map((sum, d) => {
    const counted = signs.mux(sum.shl(1), sum.ext(w.sum + 1));
    const exact = counted.sub(correction).named(`exact_${d}`).trunc(w.sum);
    const corrected = pipe.stage(`corrected_${d}`, exact).shl(p.numerics.resultFraction + 1);
    const shifted = pipe.stage(`shifted_${d}`, p.maxShift === 0 ? corrected : corrected.shiftRight(round));
    const rounded = shifted.add(1).named(`rounded_${d}`).shr(1);
    const biased = rounded.add(bias).named(`biased_${d}`);
    return pipe.stage(`y_${d}`, resized(biased, w.result));
  });
  result.payload.y.drive(pack(y));
  const flags = { rows: lastRows.mux(fitted(rowsLeft, w.drainCount), p.drain), last: kept.last.and(ends) };
  result.payload.rows.drive(pipe.at(pipe.enter(flags.rows.named('drain_rows')), stages));
  result.payload.last.drive(pipe.at(pipe.enter(flags.last.named('drain_last_beat')), stages));
  result.payload.token.drive(pipe.at(now.token, stages));
  result.valid.drive(flagAfter(m, 'result', draining, stages, { enable: move, flush, shown: true }));
  return { free, released: finish.and(kept.last).named('released') };
}

const resized = (x: SInt, width: number): SInt => (width <= x.width ? x.trunc(width) : x.ext(width));
