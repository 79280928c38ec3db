/** A beat of the first pass: where it is in its vector, and its products. */
import {
  type Inside,
  increment,
  type ModuleBuilder,
  type Pipeline,
  type Readable,
  type SInt,
  type UInt,
  unpack,
} from '../../gen/index.ts';
import { type NormInterface, type NormParameters, type normTokenShape, normWidths } from './parameters.ts';

/** What the parts of the first pass share: its pipeline, which never stalls, and the flags of a beat in it. */
export interface Beat {
  readonly m: ModuleBuilder;
  readonly io: Inside<NormInterface>;
  readonly p: NormParameters;
  readonly pipe: Pipeline;
  readonly issued: UInt;
  /** The beat ends its tile, its group. */
  readonly tileDone: UInt;
  readonly groupDone: UInt;
  readonly firstWord: UInt;
  readonly firstTile: UInt;
  readonly groupBegins: UInt;
  readonly single: UInt;
  readonly token: Readable<ReturnType<typeof normTokenShape>>;
}

/** Where the beat that is offered is in its vector. */
export function place(m: ModuleBuilder, io: Inside<NormInterface>, issue: UInt) {
  const { tile_words, tiles, groups } = io.token.payload;
  const word = m.register('word', tile_words.type, { reset: 0 });
  const tile = m.register('tile', tiles.type, { reset: 0 });
  const group = m.register('group', groups.type, { reset: 0 });
  const tileEnd = increment(word).eq(tile_words).named('tile_end');
  const groupEnd = tileEnd.and(increment(tile).eq(tiles)).named('group_end');
  const last = groupEnd.and(increment(group).eq(groups)).named('last');
  m.when(issue, () => {
    word.next(tileEnd.mux(m.constant(word.type, 0), increment(word)));
    m.when(tileEnd, () => tile.next(groupEnd.mux(m.constant(tile.type, 0), increment(tile))));
    m.when(groupEnd, () => group.next(last.mux(m.constant(group.type, 0), increment(group))));
  });
  const firstWord = word.eq(0).named('first_word');
  return { firstWord, firstTile: tile.eq(0).named('first_tile'), tileEnd, groupEnd, last };
}

export interface Products {
  /** weight x, bias x, x^2 of every lane, 0 beyond count, which is 1 at least; latency 1. */
  readonly scaled: readonly SInt[];
  readonly biased: readonly SInt[];
  readonly squares: readonly UInt[];
}

export function productsOf({ io, p, pipe }: Beat): Products {
  const { count, values } = io.in.payload;
  const { weightBits, biasWeightBits } = p.numerics.norm;
  const x = unpack(values, p.inputBits).map((v, i) =>
    pipe.enter((i === 0 ? v : count.gt(i).mux(v, 0)).asSigned().named(`x_${i}`)),
  );
  const times = (name: string, word: UInt, bits: number, width = p.inputBits + bits): SInt[] =>
    unpack(pipe.enter(word), bits).map((v, i) => pipe.stage(`${name}_${i}`, v.asSigned().mul(x[i]!).trunc(width)));
  const square = (v: SInt): UInt =>
    v
      .mul(v)
      .trunc(2 * p.inputBits - 1)
      .asUnsigned();
  return {
    scaled: times('product', io.weight.payload.scale, weightBits, normWidths(p).product),
    biased: times('biased', io.weight.payload.bias, biasWeightBits),
    squares: x.map((v, i) => pipe.stage(`square_${i}`, square(v))),
  };
}
