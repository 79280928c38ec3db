/** The inputs of the tokens before, on chip: a word leaves, and goes back, changed, in the very cycle in which it is taken. */
import { bit, type Design, defineModule, input, sink, source, uint } from '../../gen/index.ts';
import { regionShape, type StoreParameters, walkWords } from '../scan/region.ts';

const historyInterface = (s: StoreParameters) => ({
  region: sink(regionShape(s), 'one token: first word of its state, how many, at least 2; clear: it starts from zeros'),
  read: source(uint(s.width), 'the words of each token in order'),
  write: input(uint(s.width), 'what becomes of the word that is taken in this cycle'),
});

/**
 * The store of a unit that knows the new word as soon as it sees the old one. One word at most is under way, so that a word of a region
 * of 2 or more is back before it is read again: neither places nor words need be counted. One word per cycle, no gap between regions;
 * 2 cycles from an idle store's region to its first word. A region is taken no sooner than the region before has given all words but its last.
 */
export function historyStore(s: StoreParameters): Design<ReturnType<typeof historyInterface>> {
  return defineModule(
    {
      name: `history_${s.name}_w${s.width}_d${s.depth}`,
      doc: `${s.depth} words of ${s.width} bits: the state of every layer and sequence; a word comes back as it is taken.`,
      ports: historyInterface(s),
    },
    (m, io) => {
      const { words: count, clear } = io.region.payload;
      m.assume('two_words', io.region.valid.not().or(count.gt(1)), 'a region has at least two words');
      const shown = m.register('shown', bit, { reset: 0 });
      const reader = walkWords(m, 'read', io.region, shown.not().or(io.read.ready).named('room'));
      const taken = shown.and(io.read.ready).named('taken');
      shown.next(reader.moves.or(shown.and(io.read.ready.not())));
      const words = m.memory('words', { depth: s.depth, shape: uint(s.width), style: 'block' });
      const word = words.read('word', reader.address, { enable: reader.moves });
      const address = m.delay('write_address', reader.address, { enable: reader.moves });
      words.write({ address, data: io.write, enable: taken });

      m.comment('A cleared token reads zeros, whatever the memory holds.');
      const zero = m.delay('token_clear', clear, { enable: reader.take });
      const cleared = m.delay('cleared', zero, { enable: reader.moves });
      io.read.valid.drive(shown);
      io.read.payload.drive(cleared.mux(m.constant(word.type, 0), word));
    },
  );
}
