/** State on chip: words in block RAM, which leave and come back as streams, token by token. */
import {
  addressWidth,
  bit,
  bitsFor,
  type Design,
  defineModule,
  increment,
  lessBy,
  type Memory,
  type ModuleBuilder,
  type Readable,
  sink,
  source,
  type Taken,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { connect, fifo, fork } from '../../gen/stream/index.ts';
import { only } from './fields.ts';

export interface StoreParameters {
  readonly name: string;
  /** Bits of a word. */
  readonly width: number;
  readonly depth: number;
  /** Words of a token at the most. */
  readonly tokenWords: number;
  readonly style: Memory['style'];
}

const regionShape = (s: StoreParameters) => ({
  base: uint(addressWidth(s.depth)),
  words: uint(bitsFor(BigInt(s.tokenWords))),
  clear: bit,
});

const storeInterface = (s: StoreParameters) => ({
  region: sink(regionShape(s), 'one token: first word of its state, how many; clear: it starts from zeros'),
  read: source(uint(s.width), 'the words of each token in order'),
  write: sink(uint(s.width), 'what becomes of them, in the same order; always taken'),
});

/** Tokens whose words are on their way back. */
const tokensUnderWay = 4;

/**
 * A word is read once and written once per token. The words of a token of n words are read while fewer than n words are under
 * way: a word of the same region was last read at least n words before, so that it has come back. One word per cycle; 1 cycle
 * from a word's way back to its next read.
 */
export function stateStore(s: StoreParameters): Design<ReturnType<typeof storeInterface>> {
  return defineModule(
    {
      name: `scan_store_${s.name}_w${s.width}_d${s.depth}`,
      doc: `${s.depth} words of ${s.width} bits: the state of every layer and sequence.`,
      ports: storeInterface(s),
    },
    (m, io) => {
      const { base: baseShape, words: wordsShape } = regionShape(s);
      const fan = m.instance('regions', fork(regionShape(s), ['reads', 'writes']));
      connect(fan.in, io.region);
      const returns = m.instance(
        'returns',
        fifo({ base: baseShape, words: wordsShape }, { depth: tokensUnderWay, style: 'distributed' }),
      );
      m.unused(returns.count);
      connect(returns.in, only(m, fan.writes, { base: baseShape, words: wordsShape }));

      m.comment('Reads: the output is free, and the word has come back.');
      const shown = m.register('shown', bit, { reset: 0 });
      const room = shown.not().or(io.read.ready).named('room');
      const underWay = m.register('words_under_way', uint(bitsFor(BigInt(s.tokenWords)) + 1), { reset: 0 });
      const returned = m.wire('returned', bit);
      const reader = walkWords(m, 'read', fan.reads, room.and(returned));
      const size = m.delay('token_words', fan.reads.payload.words, { enable: reader.take });
      const zero = m.delay('token_clear', fan.reads.payload.clear, { enable: reader.take });
      returned.drive(underWay.lt(size.ext(underWay.width)));
      const writer = walkWords(m, 'write', returns.out, io.write.valid);
      io.write.ready.drive(writer.busy);
      shown.next(reader.moves.or(shown.and(io.read.ready.not())));
      const fewer = underWay.sub(1).trunc(underWay.width).asUnsigned();
      const onlyOne = reader.moves.xor(writer.moves);
      underWay.next(onlyOne.mux(reader.moves.mux(increment(underWay), fewer), underWay));
      m.assert('word_was_read', writer.moves.not().or(underWay.ne(0)), 'no word comes back that was not read');

      m.comment('A cleared token reads zeros, not the memory.');
      const words = m.memory('words', { depth: s.depth, shape: uint(s.width), style: s.style });
      const data = words.read('word', reader.address, { enable: reader.moves.and(zero.not()).named('fetch') });
      const cleared = m.delay('cleared', zero, { enable: reader.moves });
      io.read.valid.drive(shown);
      io.read.payload.drive(cleared.mux(m.constant(data.type, 0), data));
      words.write({ address: writer.address, data: io.write.payload, enable: writer.moves });
    },
  );
}

interface WordWalk {
  readonly busy: UInt;
  /** A region is taken in this cycle. */
  readonly take: UInt;
  /** The word is done in this cycle. */
  readonly moves: UInt;
  readonly address: UInt;
}

type Places = Omit<ReturnType<typeof regionShape>, 'clear'>;

/** Steps through the words of the regions of a stream, one in every cycle in which `allowed` is 1, without a gap between regions. */
function walkWords<T extends Places>(m: ModuleBuilder, name: string, regions: Taken<T>, allowed: UInt): WordWalk {
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
  busy.next(take.or(busy.and(free.not())));
  m.when(take, () => {
    address.next(base);
    left.next(words);
  }).elsewhen(moves, () => {
    address.next(increment(address));
    left.next(lessBy(left, 1));
  });
  return { busy, take, moves, address };
}
