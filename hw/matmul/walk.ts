/** Walks the matrices beat by beat: the passes and planes of K columns of a row tile, then the next columns or the next tile, by the order of the matrix. */
import { atMost, bit, type Inside, increment, lessBy, type ModuleBuilder, type UInt, uint } from '../../gen/index.ts';
import type { MatmulInterface } from './interface.ts';
import type { Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

export interface Walk {
  /** A beat of weights is computed with: bank, column and pass of its activations, and its row tile (0 in row-major order). */
  readonly run: UInt;
  readonly bank: UInt;
  readonly column: UInt;
  readonly pass: UInt;
  readonly tile: UInt;
  /** It is the first pass of its beat; the last, with which the beat is taken. */
  readonly firstPass: UInt;
  readonly taken: UInt;
  /** It is the first plane of its weights; the last, so that their sum counts; of the first columns of its rows. */
  readonly firstPlane: UInt;
  readonly lastPlane: UInt;
  readonly firstColumn: UInt;
  /** Rows of the matrix in a bank go on from the stored sum. */
  recall(bank: () => UInt): UInt;
  /** Nothing takes these K activations after it, in column-major order. */
  readonly columnDone: UInt;
  /** Its tile is complete. */
  readonly done: UInt;
}

/** What the walk needs to know of activations. */
export interface Supply {
  /** A matrix begins: its activations will come. */
  readonly start: UInt;
  /** Those of (bank, column) are there. */
  present(bank: UInt, column: UInt): UInt;
}

/**
 * A matrix begins at once after the one before; a beat has a pass in every cycle in which `advance` is 1 and its activations are there, and
 * is taken with the last. Until then the stream holds it.
 */
export function walk(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  advance: UInt,
  from: Pick<Loader, 'matrix'>,
  supply: Supply,
): Walk {
  const w = matmulWidths(p);
  m.comment('Walk: a beat of weights per cycle, through the planes, columns and tiles of one matrix after the other.');
  const waiting = m.register('matrix_waits', bit, { reset: 0 });
  const running = m.register('running', bit, { reset: 0 });
  const bank = m.register('run_bank', bit, { reset: 0 });
  const column = m.register('column', uint(w.address));
  const tile = m.register('tile', uint(w.tile));
  const pass = m.register('pass', uint(w.pass));
  const columnsLeft = m.register('columns_left', uint(w.columnCount));
  const planesLeft = m.register('planes_left', uint(w.planeCount));
  const rowsLeft = m.register('rows_left', uint(w.rowCount));
  if (2 ** w.columnCount - 1 <= p.columns) m.unused(columnsLeft);
  if (2 ** w.rowCount - 1 <= p.lanes) m.unused(rowsLeft);
  if (w.storedTiles === 0) m.unused(tile);
  if (w.passes === 1) m.unused(pass);
  const one = m.constant(bit, 1);
  const firstPass = w.passes === 1 ? one : pass.eq(0).named('first_pass');
  const lastPass = w.passes === 1 ? one : pass.eq(w.passes - 1).named('last_pass');
  const lastColumn = atMost(columnsLeft, p.columns).named('last_column');
  const lastPlane = atMost(planesLeft, 1).named('last_plane');
  const lastTile = atMost(rowsLeft, p.lanes).named('last_tile');

  const present = supply.present(bank, column).named('present');
  const open = running.and(advance).and(present).and(io.flush.not()).named('open');
  io.weight.ready.drive(open.and(lastPass));
  const run = io.weight.valid.and(open).named('run');
  const taken = w.passes === 1 ? run : run.and(lastPass).named('taken');
  const step = taken.and(lastPlane).named('step');
  const ends = step.and(lastColumn).and(lastTile).named('matrix_done');
  const begin = waiting.and(running.not().or(ends)).named('begin');
  waiting.next(supply.start.or(waiting.and(begin.not())).and(io.flush.not()));
  m.assert('one_waits', supply.start.and(waiting).not().or(begin), 'of two matrices that are held one runs, or begins');
  const here = from.matrix(bank.xor(begin));
  const { order, planes } = from.matrix(bank);
  const byColumns = w.storedTiles === 0 ? m.constant(bit, 0) : order;
  const nextColumn = step.and(lastTile.or(byColumns.not())).named('next_column');
  const nextTile = step.and(lastColumn.or(byColumns)).named('next_tile');
  m.when(run, () => pass.next(lastPass.mux(m.constant(pass.type, 0), increment(pass))));
  m.when(taken, () => planesLeft.next(lastPlane.mux(here.planes, lessBy(planesLeft, 1))));
  m.when(nextColumn, () => {
    column.next(lastColumn.mux(m.constant(column.type, 0), increment(column)));
    columnsLeft.next(lastColumn.mux(here.cols, lessBy(columnsLeft, p.columns)));
  });
  m.when(nextTile, () => {
    tile.next(lastTile.mux(m.constant(tile.type, 0), increment(tile)));
    rowsLeft.next(lastTile.mux(here.rows, lessBy(rowsLeft, p.lanes)));
  });
  m.when(ends, () => running.next(0));
  m.when(begin, () => {
    bank.next(bank.not());
    running.next(1);
    column.next(0);
    pass.next(0);
    tile.next(0);
    columnsLeft.next(here.cols);
    planesLeft.next(here.planes);
    rowsLeft.next(here.rows);
  });
  m.when(io.flush, () => {
    running.next(0);
    bank.next(0);
  });
  return {
    run,
    bank,
    column,
    ...{ pass, firstPass, taken },
    tile,
    firstPlane: planesLeft.eq(planes).named('first_plane'),
    lastPlane,
    firstColumn: column.eq(0).named('first_column'),
    recall: (of) => {
      if (w.storedTiles === 0) return m.constant(bit, 0);
      const { order, rows } = from.matrix(of());
      return order.and(atMost(rows, p.lanes).not());
    },
    columnDone: nextColumn,
    done: step.and(lastColumn).named('tile_done'),
  };
}
