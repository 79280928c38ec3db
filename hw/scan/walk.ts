/** Counting through the rows of a token, Q at a time: head by head. */
import {
  atMost,
  type Bits,
  bit,
  lessBy,
  type ModuleBuilder,
  type Readable,
  type Taken,
  type UInt,
} from '../../gen/index.ts';

type Size = Bits<'unsigned'>;
type Sizes = { readonly heads: Size; readonly head_dim: Size };

export interface RowWalk {
  /** A token is being walked. */
  readonly busy: UInt;
  /** A token is taken in this cycle. */
  readonly take: UInt;
  /** The walk goes on to the next row group at the end of this cycle. */
  readonly step: UInt;
  /** Rows of the head from this row group on. */
  readonly rowsLeft: UInt;
  /** This row group is the last of its head, of its token. */
  readonly headDone: UInt;
  readonly tokenDone: UInt;
}

/** Walks the tokens of a stream, `rows` rows per step, one step in every cycle in which `moves` is 1. No cycle is lost between tokens. */
export function walkRows<T extends Sizes>(m: ModuleBuilder, token: Taken<T>, rows: number, moves: UInt): RowWalk {
  const sizes = token.payload as Readable<Sizes>;
  const busy = m.register('busy', bit, { reset: 0 });
  const step = busy.and(moves).named('step');
  const rowsLeft = m.register('rows_left', sizes.head_dim.type);
  const headsLeft = m.register('heads_left', sizes.heads.type);
  const headDone = atMost(rowsLeft, rows).named('head_done');
  const tokenDone = headDone.and(headsLeft.eq(1)).named('token_done');
  const free = busy.not().or(step.and(tokenDone)).named('free');
  const take = token.valid.and(free).named('take');
  token.ready.drive(free);
  const headDim = m.delay('head_dim', sizes.head_dim, { enable: take });
  busy.next(take.or(free.not()));
  m.when(take, () => {
    rowsLeft.next(sizes.head_dim);
    headsLeft.next(sizes.heads);
  }).elsewhen(step, () => {
    rowsLeft.next(headDone.mux(headDim, rows < 2 ** rowsLeft.width ? lessBy(rowsLeft, rows) : rowsLeft));
    m.when(headDone, () => headsLeft.next(lessBy(headsLeft, 1)));
  });
  return { busy, take, step, rowsLeft, headDone, tokenDone };
}
