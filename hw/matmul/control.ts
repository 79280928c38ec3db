/** Control of the array: counts the beats of one matrix and sends flags along with them. */
import {
  addressWidth,
  atMost,
  bit,
  bitsFor,
  type Inside,
  increment,
  lessBy,
  type ModuleBuilder,
  type SInt,
  type UInt,
  uint,
} from '../../gen/index.ts';
import type { MatmulInterface } from './array.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

export interface Control {
  /** The pipeline moves: its last stage is empty or taken. */
  readonly advance: UInt;
  /** A beat of activations is taken. */
  readonly load: UInt;
  /** Buffer address of the beat that is taken. */
  readonly column: UInt;
  /** Valid columns of that beat, 1 to K. */
  readonly valid: UInt;
  /** In the accumulator's stage: the partial sum counts; it is the first of its row. */
  readonly take: UInt;
  readonly first: UInt;
  /** One stage later: a tile is complete; how many of its rows are valid; it is the last. */
  readonly tile: { readonly done: UInt; readonly rows: UInt; readonly last: UInt };
  readonly bias: SInt;
}

/** Stages between the weight beat and the accumulator's input. */
const toAccumulator = 3;

export function control(m: ModuleBuilder, io: Inside<MatmulInterface>, p: MatmulParameters): Control {
  const w = matmulWidths(p);
  m.comment('Control: load the activations of one matrix, then take its weights tile by tile.');
  const loading = m.register('loading', bit, { reset: 0 });
  const running = m.register('running', bit, { reset: 0 });
  const draining = m.wire('draining', bit);
  const advance = io.result.ready.or(io.result.valid.not()).named('advance');
  const idle = loading.or(running).or(draining).not().named('idle');
  const start = io.desc.valid.and(idle).named('start');
  const load = io.act.valid.and(loading).named('load');
  const run = io.weight.valid.and(running).and(advance).named('run');
  io.desc.ready.drive(idle);
  io.act.ready.drive(loading);
  io.weight.ready.drive(running.and(advance));
  const cols = m.delay('cols', io.desc.payload.cols, { enable: start });
  const bias = m.delay('bias', io.desc.payload.bias, { enable: start });

  m.comment('Columns: counted through once while loading, then once per tile.');
  const beat = load.or(run).named('beat');
  const columnsLeft = m.register('columns_left', uint(w.columnCount));
  const lastColumn = atMost(columnsLeft, p.columns).named('last_column');
  const column = m.register('column', uint(addressWidth(w.depth)));
  const rewind = start.or(beat.and(lastColumn)).named('rewind');
  column.next(rewind.mux(m.constant(column.type, 0), beat.mux(increment(column), column)));
  const untaken = beat.mux(lessBy(columnsLeft, p.columns), columnsLeft);
  columnsLeft.next(start.mux(io.desc.payload.cols, rewind.mux(cols, untaken)));
  const valid = lastColumn.mux(narrowed(columnsLeft, bitsFor(BigInt(p.columns))), p.columns).named('valid_columns');

  m.comment('Rows: counted down tile by tile.');
  const tileDone = run.and(lastColumn).named('tile_done');
  const rowsLeft = m.register('rows_left', uint(w.rowCount));
  const lastTile = atMost(rowsLeft, p.lanes).named('last_tile');
  rowsLeft.next(start.mux(io.desc.payload.rows, tileDone.mux(lessBy(rowsLeft, p.lanes), rowsLeft)));
  const rows = lastTile.mux(narrowed(rowsLeft, w.laneCount), p.lanes).named('valid_rows');
  const loaded = load.and(lastColumn).named('loaded');
  loading.next(start.or(loading.and(loaded.not())));
  running.next(loaded.or(running.and(tileDone.and(lastTile).not())));

  m.comment('Flags that travel with a weight beat: buffer, popcount, weighted sum, accumulator.');
  const pipe = m.pipeline('beat', { enable: advance });
  const take = pipe.at(pipe.flag(run), toAccumulator);
  const first = pipe.at(pipe.enter(column.eq(0).named('first')), toAccumulator);
  const done = pipe.flag(tileDone);
  const tile = pipe.at({ done, rows: pipe.enter(rows), last: pipe.enter(lastTile) }, toAccumulator + 1);
  draining.drive(pipe.busy(done).or(io.result.valid));
  return { advance, load, column, valid, take, first, tile, bias };
}

/** x in another width, for where the value is known to fit. */
const narrowed = (x: UInt, width: number): UInt => (width <= x.width ? x.trunc(width) : x.ext(width));
