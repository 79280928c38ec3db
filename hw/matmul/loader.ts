/** Takes descriptors and loads activations: into one bank of the buffer while the array computes from the other. */
import {
  atMost,
  bit,
  bitsFor,
  type Inside,
  increment,
  lessBy,
  type ModuleBuilder,
  pack,
  type Readable,
  repeat,
  type UInt,
  uint,
} from '../../gen/index.ts';
import type { MatmulInterface, matrixShape } from './interface.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';

export type Matrix = Readable<ReturnType<typeof matrixShape>>;

export interface Loader {
  /** C activations are taken, or zeros that fill up the last K columns: their bank, vector, place, and valid columns (from C on: all). */
  readonly load: UInt;
  readonly bank: UInt;
  readonly token: UInt;
  /** K columns, and which C of them. */
  readonly column: UInt;
  readonly chunk: UInt;
  readonly valid: UInt;
  /** They complete the vector: its scalars are taken with them. */
  readonly complete: UInt;
  /** A matrix begins: its activations will come. */
  readonly start: UInt;
  /** The matrix that is loaded is at its last vector; it has none left. */
  readonly lastToken: UInt;
  readonly loading: UInt;
  /** The descriptor of the matrix in a bank. */
  matrix(bank: UInt): Matrix;
}

export interface LoaderEvents {
  /** There is room for C activations. */
  readonly room: UInt;
  /** The last results of a matrix have left its bank. */
  readonly released: UInt;
}

/** A matrix takes a bank with its descriptor and has it until `released`; banks take turns. */
export function loader(m: ModuleBuilder, io: Inside<MatmulInterface>, p: MatmulParameters, on: LoaderEvents): Loader {
  const w = matmulWidths(p);
  const { desc, act, token: scalars, flush } = io;
  m.comment('Loader: a bank per matrix, which it keeps until its last results have left.');
  const bank = m.register('load_bank', bit, { reset: 0 });
  const loading = m.register('loading', bit, { reset: 0 });
  const held = counter(m, 'banks_held', flush);
  const columnsLeft = m.register('load_columns_left', uint(w.columnCount));
  const tokensLeft = m.register('load_tokens_left', uint(w.tokenCount));
  const column = m.register('load_column', uint(w.address));
  const chunk = m.register('load_chunk', uint(w.chunk));
  const token = m.register('load_token', uint(w.token));
  const valid = m.register('load_valid_columns', uint(bitsFor(BigInt(w.load))));
  /** Those that are left, or any number from C on. */
  const validOf = (left: UInt): UInt =>
    left.width <= valid.width
      ? left.ext(valid.width)
      : left.trunc(valid.width).or(pack(repeat(left.slice(left.width - 1, valid.width).any(), valid.width)));
  if (p.tokens === 1) m.unused(token, tokensLeft);
  if (w.chunks === 1) m.unused(chunk);
  const lastData = atMost(columnsLeft, w.load).named('load_last_data');
  const filling = w.chunks === 1 ? m.constant(bit, 0) : columnsLeft.eq(0).named('load_filling');
  const lastChunk = w.chunks === 1 ? m.constant(bit, 1) : chunk.eq(w.chunks - 1).named('load_last_chunk');
  const lastColumn = lastData.and(lastChunk).named('load_last_column');
  const lastToken = atMost(tokensLeft, 1).named('load_last_token');

  const open = loading.and(on.room).and(flush.not()).named('load_open');
  const offered = act.valid.or(filling).and(open).named('load_offered');
  act.ready.drive(open.and(filling.not()).and(lastColumn.not().or(scalars.valid)));
  scalars.ready.drive(offered.and(lastColumn));
  const complete = offered.and(lastColumn).and(scalars.valid).named('vector_loaded');
  const load = offered.and(lastColumn.not().or(scalars.valid)).named('load');
  const loaded = complete.and(lastToken).named('matrix_loaded');
  const room = held.count.ne(2).and(flush.not()).named('bank_free');
  desc.ready.drive(room.and(loading.not().or(loaded)));
  const start = desc.valid.and(room).and(loading.not().or(loaded)).named('start');
  held.step(start, on.released);

  const given = [bank, bank.not()].map((turn, i) =>
    m.delay(`matrix_${i}`, desc.payload, { enable: start.and(turn).named(`start_${i}`) }),
  );
  const matrix = (of: UInt): Matrix => of.mux(given[1]!, given[0]!);
  if (w.storedTiles === 0) m.unused(...given.map(({ order }) => order));
  const here = matrix(bank);
  m.when(load, () => {
    const none = m.constant(columnsLeft.type, 0);
    const left = lastColumn.mux(here.cols, lastData.mux(none, lessBy(columnsLeft, w.load))).named('load_left');
    columnsLeft.next(left);
    valid.next(validOf(left));
    chunk.next(lastChunk.mux(m.constant(chunk.type, 0), increment(chunk)));
    m.when(lastChunk, () => column.next(lastColumn.mux(m.constant(column.type, 0), increment(column))));
    m.when(lastColumn, () => {
      token.next(increment(token));
      tokensLeft.next(lessBy(tokensLeft, 1));
    });
    m.when(loaded, () => loading.next(0));
  });
  m.when(start, () => {
    bank.next(bank.not());
    loading.next(1);
    column.next(0);
    chunk.next(0);
    columnsLeft.next(desc.payload.cols);
    valid.next(validOf(desc.payload.cols));
    token.next(0);
    tokensLeft.next(desc.payload.tokens);
  });
  m.when(flush, () => {
    bank.next(0);
    loading.next(0);
  });
  checkDescriptor(m, start, desc.payload, p, w);
  return { load, bank, token, column, chunk, valid, complete, start, lastToken, loading, matrix };
}

function checkDescriptor(
  m: ModuleBuilder,
  start: UInt,
  { rows, cols, tokens, planes, order }: Matrix,
  p: MatmulParameters,
  w: MatmulWidths,
): void {
  for (const [name, value, most] of [
    ['rows', rows, p.maxRows],
    ['cols', cols, p.maxColumns],
    ['tokens', tokens, p.tokens],
    ['planes', planes, p.planes],
  ] as const) {
    const within = value.ne(0).and(atMost(value, most));
    m.assert(`${name}_in_range`, start.not().or(within), `a matrix of 1 to ${most} ${name}`);
  }
  const most = w.storedTiles * p.lanes;
  const stored = most === 0 ? m.constant(bit, 0) : atMost(rows, most);
  const message = most === 0 ? 'matrices are row-major' : `a column-major matrix of at most ${most} rows`;
  m.assert('order_possible', start.and(order).not().or(stored), message);
  if (p.engine === 'table') m.assert('column_major', start.not().or(order), 'tables are made once for all rows');
}

/** Counts banks, 0 to 2. */
export function counter(m: ModuleBuilder, name: string, flush: UInt) {
  const count = m.register(name, uint(2), { reset: 0 });
  const step = (more: UInt, fewer: UInt): void => {
    m.when(more.xor(fewer), () => count.next(more.mux(increment(count), lessBy(count, 1))));
    m.when(flush, () => count.next(0));
    m.assert(`${name}_most`, more.not().or(fewer).or(count.lt(2)), 'there are two banks');
    m.assert(`${name}_least`, fewer.not().or(count.ne(0)), 'only what is held is given back');
  };
  return { count, step };
}
