/** Walks the matrices beat by beat: row tile after row tile, weight plane after weight plane (highest first), column group after group. */
import { atMost, bit, type Inside, increment, lessBy, type ModuleBuilder, type UInt, uint } from '../../gen/index.ts';
import type { MatmulInterface } from './interface.ts';
import { fitted, type Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

export interface Walk {
  /** A beat of weights is taken: bank and column of its activations. */
  readonly run: UInt;
  readonly bank: UInt;
  readonly column: UInt;
  /** It is the first of a row tile, the first of a weight plane, the last of a row tile. */
  readonly first: UInt;
  readonly newPlane: UInt;
  readonly done: UInt;
  /** Rows of the tile, 1 to R; it is the last of its matrix. */
  readonly rows: UInt;
  readonly lastTile: UInt;
}

/** `taken` is driven: a matrix begins, at once after the one before. A beat is taken in every cycle in which `advance` is 1. */
export function walk(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  advance: UInt,
  from: Pick<Loader, 'waiting' | 'matrix'>,
  taken: { drive(value: UInt): void },
): Walk {
  const w = matmulWidths(p);
  m.comment('Walk: a beat of weights per cycle, through the tiles, planes and columns of one matrix after the other.');
  const running = m.register('running', bit, { reset: 0 });
  const bank = m.register('run_bank', bit, { reset: 0 });
  const column = m.register('column', uint(w.address));
  const columnsLeft = m.register('columns_left', uint(w.columnCount));
  const planesLeft = m.register('planes_left', uint(w.planeCount));
  const rowsLeft = m.register('rows_left', uint(w.rowCount));
  if (2 ** w.columnCount - 1 <= p.columns) m.unused(columnsLeft);
  const lastColumn = atMost(columnsLeft, p.columns).named('last_column');
  const lastPlane = atMost(planesLeft, 1).named('last_plane');
  const lastTile = atMost(rowsLeft, p.lanes).named('last_tile');

  const open = running.and(advance).and(io.flush.not()).named('open');
  io.weight.ready.drive(open);
  const run = io.weight.valid.and(open).named('run');
  const done = run.and(lastColumn).and(lastPlane).named('tile_done');
  const ends = done.and(lastTile).named('matrix_done');
  const begin = from.waiting.and(running.not().or(ends)).named('begin');
  taken.drive(begin);
  const here = from.matrix(bank.xor(begin));
  m.when(run, () => {
    column.next(lastColumn.mux(m.constant(column.type, 0), increment(column)));
    columnsLeft.next(lastColumn.mux(here.cols, lessBy(columnsLeft, p.columns)));
    m.when(lastColumn, () => planesLeft.next(lastPlane.mux(here.planes, lessBy(planesLeft, 1))));
    m.when(done, () => rowsLeft.next(lessBy(rowsLeft, p.lanes)));
    m.when(ends, () => running.next(0));
  });
  m.when(begin, () => {
    bank.next(bank.not());
    running.next(1);
    column.next(0);
    columnsLeft.next(here.cols);
    planesLeft.next(here.planes);
    rowsLeft.next(here.rows);
  });
  m.when(io.flush, () => {
    running.next(0);
    bank.next(0);
  });
  const newPlane = column.eq(0).named('new_plane');
  return {
    run,
    bank,
    column,
    first: newPlane.and(planesLeft.eq(from.matrix(bank).planes)).named('first'),
    newPlane,
    done,
    rows: lastTile.mux(fitted(rowsLeft, w.laneCount), p.lanes).named('valid_rows'),
    lastTile,
  };
}
