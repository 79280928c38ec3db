/** State in a memory outside: fetched ahead of the scan and put back behind it, through the interface of the store on chip. */
import { addressWidth, bit, type Design, defineModule, sink, source, uint } from '../../gen/index.ts';
import { connect, fifo, fork } from '../../gen/stream/index.ts';
import { underWay } from '../lanes/counters.ts';
import { only } from './fields.ts';
import {
  fewerUnderWay,
  regionShape,
  type StoreParameters,
  storeInterface,
  tokensUnderWay,
  walkWords,
} from './region.ts';

export interface StreamedStoreParameters extends StoreParameters {
  /** Words fetched ahead at the most: the memory's latency in cycles and a few more hide it. */
  readonly ahead: number;
}

/** What the memory sees. It answers in order; a word that is fetched after `stored` came for it is the new one. */
export const memoryPorts = (s: StoreParameters) => ({
  fetch: source(uint(addressWidth(s.depth)), 'address of a word that is wanted'),
  fetched: sink(uint(s.width), 'the words in the order in which they are wanted; always taken'),
  put: source({ address: uint(addressWidth(s.depth)), word: uint(s.width) }, 'a word for the memory'),
  stored: sink(bit, 'a word, in the order of put, is in the memory; always taken'),
});

const streamedInterface = (s: StoreParameters) => ({ ...storeInterface(s), ...memoryPorts(s) });

/**
 * Each word is fetched once and put once per token; a cleared token's words are zeros and not fetched. Fetching runs ahead of the scan,
 * into the tokens that follow, by up to `ahead` words: one word per cycle whatever the memory's latency, as long as that many hide it.
 */
export function streamedStore(s: StreamedStoreParameters): Design<ReturnType<typeof streamedInterface>> {
  return defineModule(
    {
      name: `scan_streamed_${s.name}_w${s.width}_d${s.depth}_a${s.ahead}`,
      doc: `${s.depth} words of ${s.width} bits in a memory outside, ${s.ahead} fetched ahead.`,
      ports: streamedInterface(s),
    },
    (m, io) => {
      const shape = regionShape(s);
      const fan = m.instance('regions', fork(shape, ['reads', 'shows', 'writes']));
      connect(fan.in, io.region);
      const queue = <T extends Partial<typeof shape>>(name: 'shows' | 'writes', fields: T) => {
        const waiting = m.instance(
          `${name}_waiting`,
          fifo(fields as typeof shape, { depth: tokensUnderWay, style: 'distributed' }),
        );
        m.unused(waiting.count);
        connect(waiting.in, only(m, fan[name], fields as typeof shape));
        return waiting.out;
      };
      const shows = queue('shows', shape);
      const writes = queue('writes', { base: shape.base, words: shape.words });

      m.comment('Fetches: the word has come back, and there is a place for it.');
      const allowed = m.wire('may_fetch', bit);
      const reader = walkWords(m, 'fetch', fan.reads, allowed);
      const size = m.delay('token_words', fan.reads.payload.words, { enable: reader.take });
      const zero = m.delay('token_clear', fan.reads.payload.clear, { enable: reader.take });
      const place = m.wire('place', bit);
      const returned = m.wire('returned', bit);
      const ready = place.and(returned).named('fetch_ready');
      io.fetch.valid.drive(reader.busy.and(zero.not()).and(ready));
      io.fetch.payload.drive(reader.address);
      allowed.drive(ready.and(zero.or(io.fetch.ready)));
      returned.drive(fewerUnderWay(m, s, size, { read: reader.moves, back: io.stored.valid }));
      io.stored.ready.drive(m.constant(bit, 1));
      m.unused(io.stored.payload);

      m.comment('Words wait until the scan takes them; those of a cleared token are zeros.');
      const words = m.instance('fetched_words', fifo(uint(s.width), { depth: s.ahead, style: 'auto' }));
      m.unused(words.count);
      connect(words.in, io.fetched);
      m.assert('word_has_a_place', io.fetched.valid.not().or(words.in.ready), 'a word that comes finds a place');
      const clears = m.register('show_clear', bit);
      const [shown, some] = [m.wire('shown', bit), m.wire('some_ahead', bit)];
      const there = clears.mux(some, words.out.valid).named('there');
      const shower = walkWords(m, 'show', shows, shown);
      clears.next(shower.take.mux(shows.payload.clear, clears));
      io.read.valid.drive(shower.busy.and(there));
      io.read.payload.drive(clears.mux(m.constant(words.out.payload.type, 0), words.out.payload));
      words.out.ready.drive(shower.busy.and(clears.not()).and(io.read.ready));
      shown.drive(io.read.ready.and(there));
      m.unused(shower.address);
      const ahead = underWay(m, 'words_ahead', s.ahead, reader.moves, shower.moves);
      place.drive(ahead.ne(s.ahead));
      some.drive(ahead.ne(0));

      m.comment('What becomes of them goes back.');
      const writer = walkWords(m, 'put', writes, io.write.valid.and(io.put.ready));
      io.put.valid.drive(writer.busy.and(io.write.valid));
      io.put.payload.drive({ address: writer.address, word: io.write.payload });
      io.write.ready.drive(writer.busy.and(io.put.ready));
    },
  );
}
