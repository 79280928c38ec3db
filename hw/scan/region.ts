/** What every store of the state has in common: regions of words, which leave and come back as streams, token by token. */
import {
  addressWidth,
  bit,
  bitsFor,
  increment,
  lessBy,
  type ModuleBuilder,
  type Readable,
  sink,
  source,
  type Taken,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { underWay } from '../lanes/counters.ts';

export interface StoreParameters {
  readonly name: string;
  /** Bits of a word. */
  readonly width: number;
  readonly depth: number;
  /** Words of a token at the most. */
  readonly tokenWords: number;
}

export const regionShape = (s: StoreParameters) => ({
  base: uint(addressWidth(s.depth)),
  words: uint(bitsFor(BigInt(s.tokenWords))),
  clear: bit,
});

export const storeInterface = (s: StoreParameters) => ({
  region: sink(regionShape(s), 'one token: first word of its state, how many; clear: it starts from zeros'),
  read: source(uint(s.width), 'the words of each token in order'),
  write: sink(uint(s.width), 'what becomes of them, in the same order'),
});

/** Tokens whose words are on their way back. */
export const tokensUnderWay = 4;

export interface WordWalk {
  readonly busy: UInt;
  /** A region is taken in this cycle. */
  readonly take: UInt;
  /** The word is done in this cycle. */
  readonly moves: UInt;
  readonly address: UInt;
}

type Places = Omit<ReturnType<typeof regionShape>, 'clear'>;

/** Steps through the words of the regions of a stream, one in every cycle in which `allowed` is 1, without a gap between regions. */
export function walkWords<T extends Places>(
  m: ModuleBuilder,
  name: string,
  regions: Taken<T>,
  allowed: UInt,
): WordWalk {
  const { base, words } = regions.payload as Readable<Places>;
  const busy = m.register(`${name}_busy`, bit, { reset: 0 });
  const address = m.register(`${name}_address`, base.type);
  const left = m.register(`${name}_left`, words.type);
  const moves = busy.and(allowed).named(`${name}_moves`);
  const free = busy
    .not()
    .or(moves.and(left.eq(1)))
    .named(`${name}_free`);
  const take = regions.valid.and(free).named(`${name}_take`);
  regions.ready.drive(free);
  busy.next(take.or(free.not()));
  m.when(take, () => {
    address.next(base);
    left.next(words);
  }).elsewhen(moves, () => {
    address.next(increment(address));
    left.next(lessBy(left, 1));
  });
  return { busy, take, moves, address };
}

/**
 * Words that were read and have not come back, and whether one more may be read: while fewer are under way than the token has. A word
 * of the same region was last read at least that many words before, so that it has come back.
 */
export function fewerUnderWay(
  m: ModuleBuilder,
  s: StoreParameters,
  words: UInt,
  moves: { read: UInt; back: UInt },
): UInt {
  const count = underWay(m, 'words_under_way', 2 * s.tokenWords, moves.read, moves.back);
  return count.lt(words.ext(count.width));
}
