/** Takes descriptors and loads activations: into one bank of the buffer while the array computes from the other. */
import {
  atMost,
  bit,
  bitsFor,
  type Inside,
  increment,
  lessBy,
  type ModuleBuilder,
  type Readable,
  type UInt,
  uint,
} from '../../gen/index.ts';
import type { MatmulInterface, matrixShape } from './interface.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

export type Matrix = Readable<ReturnType<typeof matrixShape>>;

export interface Loader {
  /** A beat of activations is taken: its bank, its vector, its place in the vector, and its valid columns (1 to K). */
  readonly load: UInt;
  readonly bank: UInt;
  readonly token: UInt;
  readonly column: UInt;
  readonly valid: UInt;
  /** It completes its vector: the vector's scalars are taken with it. */
  readonly complete: UInt;
  /** There is a matrix whose activations are loaded, and nothing of which has been computed. */
  readonly waiting: UInt;
  /** The descriptor of the matrix in a bank. */
  matrix(bank: UInt): Matrix;
}

export interface LoaderEvents {
  /** The array begins with the matrix that waits. */
  readonly taken: UInt;
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
  const waiting = counter(m, 'banks_loaded', flush);
  const columnsLeft = m.register('load_columns_left', uint(w.columnCount));
  const tokensLeft = m.register('load_tokens_left', uint(w.tokenCount));
  const column = m.register('load_column', uint(w.address));
  const token = m.register('load_token', uint(w.token));
  if (p.tokens === 1) m.unused(token, tokensLeft);
  const lastColumn = atMost(columnsLeft, p.columns).named('load_last_column');
  const lastToken = atMost(tokensLeft, 1).named('load_last_token');

  const open = loading.and(flush.not()).named('load_open');
  const offered = act.valid.and(open).named('load_offered');
  act.ready.drive(open.and(lastColumn.not().or(scalars.valid)));
  scalars.ready.drive(offered.and(lastColumn));
  const complete = offered.and(lastColumn).and(scalars.valid).named('vector_loaded');
  const load = offered.and(lastColumn.not().or(scalars.valid)).named('load');
  const loaded = complete.and(lastToken).named('matrix_loaded');
  const room = held.count.ne(2).and(flush.not()).named('room');
  desc.ready.drive(room.and(loading.not().or(loaded)));
  const start = desc.valid.and(room).and(loading.not().or(loaded)).named('start');
  held.step(start, on.released);
  waiting.step(loaded, on.taken);

  const given = [bank, bank.not()].map((turn, i) =>
    m.delay(`matrix_${i}`, desc.payload, { enable: start.and(turn).named(`start_${i}`) }),
  );
  const matrix = (of: UInt): Matrix => of.mux(given[1]!, given[0]!);
  const here = matrix(bank);
  m.when(load, () => {
    column.next(lastColumn.mux(m.constant(column.type, 0), increment(column)));
    columnsLeft.next(lastColumn.mux(here.cols, lessBy(columnsLeft, p.columns)));
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
    columnsLeft.next(desc.payload.cols);
    token.next(0);
    tokensLeft.next(desc.payload.tokens);
  });
  m.when(flush, () => {
    bank.next(0);
    loading.next(0);
  });
  const { rows, cols, tokens, planes } = desc.payload;
  for (const [name, value, most] of [
    ['rows', rows, p.maxRows],
    ['cols', cols, p.maxColumns],
    ['tokens', tokens, p.tokens],
    ['planes', planes, p.planes],
  ] as const) {
    const within = value.ne(0).and(atMost(value, most));
    m.assert(`${name}_in_range`, start.not().or(within), `a matrix of 1 to ${most} ${name}`);
  }
  const valid = lastColumn.mux(fitted(columnsLeft, bitsFor(BigInt(p.columns))), p.columns).named('load_valid_columns');
  return { load, bank, token, column, valid, complete, waiting: waiting.count.ne(0).named('matrix_waits'), matrix };
}

/** Counts banks, 0 to 2. */
function counter(m: ModuleBuilder, name: string, flush: UInt) {
  const count = m.register(name, uint(2), { reset: 0 });
  const step = (more: UInt, fewer: UInt): void => {
    m.when(more.xor(fewer), () => count.next(more.mux(increment(count), lessBy(count, 1))));
    m.when(flush, () => count.next(0));
    m.assert(`${name}_most`, more.not().or(fewer).or(count.lt(2)), 'there are two banks');
    m.assert(`${name}_least`, fewer.not().or(count.ne(0)), 'only what is held is given back');
  };
  return { count, step };
}

/** x in another width, for where the value is known to fit. */
export const fitted = (x: UInt, width: number): UInt => (width <= x.width ? x.trunc(width) : x.ext(width));
