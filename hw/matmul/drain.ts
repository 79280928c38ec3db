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
import { resized } from '../width.ts';
import { asSum } from './accumulator.ts';
import { type scalars, slotOf } from './corrections.ts';
import { flagAfter, select } from './flags.ts';
import type { MatmulInterface } from './interface.ts';
import type { Matrix } from './loader.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';
import { scaleRows, scaleStages } from './row-scale.ts';
import { shiftedRight, shiftStages } from './shift.ts';

/** Sums of tiles that are complete. */
export interface Tiles {
  /** One more is; stays as long as `room` is 0. */
  readonly done: UInt;
  /** A copy of the sums of a tile, [token][lane], taken with `enable` and there one cycle later. */
  copy(bank: UInt, tile: UInt, enable: UInt): readonly (readonly SInt[])[];
}

export interface Drain {
  /** A tile that is done is taken in this cycle, or waits in the memory. */
  readonly room: UInt;
  /** The last results of a matrix have left its bank. */
  readonly released: UInt;
}

/** Stages from the copied sums to rounded results: selected, corrected, shifted. */
export const roundingStages = ({ maxShift }: MatmulParameters): number => 2 + shiftStages(maxShift);

/** Whether shifts reach beyond the fraction of a result: there is nothing to round otherwise. */
export const rounds = ({ maxShift, numerics }: MatmulParameters): boolean => maxShift > numerics.resultFraction;

/** Stages from the copied sums to the result, which is biased or scaled. */
export const drainStages = (p: MatmulParameters): number =>
  roundingStages(p) + (p.rowScaleBits === undefined ? 1 : scaleStages);

/**
 * y = round(2^F (U' - correction) / 2^round) + bias, halves up, with U' = 2 U for planes of signs, else U; where rows have factors they scale
 * both terms. A tile takes tokens ceil(rows / D) cycles, results come `drainStages` after, all rows of a vector before the next vector.
 */
export function drain(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  tiles: Tiles,
  matrix: (bank: UInt) => Matrix,
  read: ReturnType<typeof scalars>,
): Drain {
  const w = matmulWidths(p);
  const { result, flush } = io;
  m.comment('Drain: tiles of the matrices in turn, and the place in the copied tile of the results that leave.');
  const move = result.ready.or(result.valid.not()).named('move');
  const fresh = m.register('drain_fresh', bit, { reset: 1 });
  const bank = m.register('drain_bank', bit, { reset: 0 });
  const tile = m.register('drain_tile', uint(w.tile));
  const matrixRows = m.register('drain_matrix_rows', uint(w.rowCount));
  const draining = m.register('draining', bit, { reset: 0 });
  const rowsLeft = m.register('drain_rows_left', uint(w.laneCount));
  const tokensLeft = m.register('drain_tokens_left', uint(w.tokenCount));
  const place = m.register('drain_place', uint(Math.max(1, Math.ceil(Math.log2(w.drains)))));
  const token = m.register('drain_token', uint(w.token));
  if (p.tokens === 1) m.unused(tokensLeft);
  if (w.drains === 1) m.unused(place);
  if (w.storedTiles === 0) m.unused(tile);
  const tileRows = (left: UInt): UInt => atMost(left, p.lanes).mux(resized(left, w.laneCount), p.lanes);
  const lastTile = atMost(matrixRows, p.lanes).named('drain_last_tile');
  const lastRows = atMost(rowsLeft, p.drain).named('drain_last_rows');
  const lastToken = atMost(tokensLeft, 1).named('drain_last_token');
  const ends = lastRows.and(lastToken).named('drain_last');
  const sends = p.rowScaleBits === undefined ? draining : draining.and(io.factor.valid).named('drain_sends');
  if (p.rowScaleBits !== undefined) io.factor.ready.drive(draining.and(move).and(flush.not()));
  const finish = sends.and(move).and(ends).named('drain_ends');
  const released = finish.and(lastTile).named('released');
  const free = draining.not().or(finish).and(flush.not()).named('drain_free');
  const { capture, room } = w.storedTiles === 0 ? direct(tiles.done, free) : queued(m, w, tiles.done, free, flush);

  const begins = fresh.or(released).named('drain_begins');
  const next = {
    bank: bank.xor(begins).named('drain_next_bank'),
    tile: begins.mux(m.constant(tile.type, 0), increment(tile)).named('drain_next_tile'),
    rows: begins.mux(matrix(bank.not()).rows, lessBy(matrixRows, p.lanes)).named('drain_next_rows'),
  };
  const copy = tiles.copy(next.bank, next.tile, capture);
  m.when(sends.and(move), () => {
    rowsLeft.next(lastRows.mux(tileRows(matrixRows), lessBy(rowsLeft, p.drain)));
    place.next(lastRows.mux(m.constant(place.type, 0), increment(place)));
    m.when(lastRows, () => {
      token.next(increment(token));
      tokensLeft.next(lessBy(tokensLeft, 1));
    });
    m.when(ends, () => draining.next(0));
  });
  m.when(released, () => fresh.next(1));
  m.when(capture, () => {
    fresh.next(0);
    bank.next(next.bank);
    tile.next(next.tile);
    matrixRows.next(next.rows);
    draining.next(1);
    rowsLeft.next(tileRows(next.rows));
    tokensLeft.next(matrix(next.bank).tokens);
    place.next(0);
    token.next(0);
  });
  m.when(flush, () => {
    draining.next(0);
    fresh.next(1);
    bank.next(0);
  });

  const pipe = m.pipeline('drain', { enable: move });
  const sums = copy.map((of) => of.map((total) => pipe.enter(total)));
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
  const scalar = read(slotOf(bank, token, p), move);
  const signs = pipe.stage('selected_signs', pipe.enter(matrix(bank).signs));
  m.comment('Corrected, with F bits and one more to round by below the point; shifted; rounded and biased.');
  const correction = pipe.enter(scalar.correction, 1);
  const round = pipe.enter(scalar.round, 1);
  const bias = pipe.at(pipe.enter(scalar.bias, 1), roundingStages(p));
  if (p.maxShift === 0) m.unused(round);
  const rounded = chosen.map((sum, d) => {
    const counted = signs.mux(sum.shl(1), sum.ext(w.sum + 1));
    const exact = counted.sub(correction).named(`exact_${d}`);
    const corrected = pipe.stage(`corrected_${d}`, asSum(exact, p)).shl(p.numerics.resultFraction + 1);
    const shifted = shiftedRight(m, pipe, corrected, round, p.maxShift, `shifted_${d}`);
    return rounds(p) ? shifted.add(1).named(`rounded_${d}`).shr(1) : shifted.shr(1);
  });
  const y =
    p.rowScaleBits === undefined
      ? rounded.map((v, d) => pipe.stage(`y_${d}`, resized(v.add(bias).named(`biased_${d}`), w.result)))
      : scaleRows(
          pipe,
          io,
          p,
          rounded.map((v) => resized(v, w.unscaled)),
          bias,
        );
  const stages = drainStages(p);
  result.payload.y.drive(pack(y));
  const flags = { rows: lastRows.mux(resized(rowsLeft, w.drainCount), p.drain), last: lastTile.and(ends) };
  result.payload.rows.drive(pipe.at(pipe.enter(flags.rows.named('drain_rows')), stages));
  result.payload.last.drive(pipe.at(pipe.enter(flags.last.named('drain_last_beat')), stages));
  result.payload.token.drive(pipe.at(now.token, stages));
  result.valid.drive(flagAfter(m, 'result', sends, stages, { enable: move, flush, shown: true }));
  return { room, released };
}

/** A tile is copied as soon as the one before has left. */
const direct = (done: UInt, free: UInt) => ({ capture: done.and(free).named('capture'), room: free });

/**
 * Tiles that are done wait in the memory of sums, all but one of those that it holds. Where it is full there is room in the cycle after a copy: the next
 * tile is written over what was copied, not while it is.
 */
function queued(m: ModuleBuilder, w: MatmulWidths, done: UInt, free: UInt, flush: UInt) {
  const waiting = m.register('tiles_waiting', uint(w.tile), { reset: 0 });
  const capture = waiting.any().or(done).and(free).named('capture');
  const room = waiting.all().not().named('drain_room');
  const more = done.and(room);
  m.when(more.xor(capture), () => waiting.next(more.mux(increment(waiting), lessBy(waiting, 1))));
  m.when(flush, () => waiting.next(0));
  return { capture, room };
}
