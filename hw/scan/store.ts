/** State on chip: words in block RAM, which leave and come back as streams, token by token. */
import { bit, type Design, defineModule, type Memory, uint } from '../../gen/index.ts';
import { connect, fifo, fork } from '../../gen/stream/index.ts';
import { only } from './fields.ts';
import { fewerUnderWay, regionShape, type StoreParameters, storeInterface, walkWords } from './region.ts';

export interface ChipStoreParameters extends StoreParameters {
  readonly style: Memory['style'];
}

/**
 * A word is read once and written once per token. One word per cycle; 1 cycle from a word's way back to its next read. Words that come
 * back are always taken.
 */
export function stateStore(s: ChipStoreParameters): Design<ReturnType<typeof storeInterface>> {
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
      m.comment(
        'Three places: a region waits to be read, one is read, and one whose words are all read is on its way to the writer.',
      );
      const place = { base: baseShape, words: wordsShape };
      const returns = m.instance('returns', fifo(place, { depth: 3, style: 'distributed', counted: true }));
      m.unused(returns.count);
      connect(returns.in, only(m, fan.writes, place));

      m.comment('Reads: the output is free, and the word has come back.');
      const shown = m.register('shown', bit, { reset: 0 });
      const room = shown.not().or(io.read.ready).named('room');
      const returned = m.wire('returned', bit);
      const reader = walkWords(m, 'read', fan.reads, room.and(returned));
      const size = m.delay('token_words', fan.reads.payload.words, { enable: reader.take });
      const zero = m.delay('token_clear', fan.reads.payload.clear, { enable: reader.take });
      const writer = walkWords(m, 'write', returns.out, io.write.valid);
      returned.drive(fewerUnderWay(m, s, size, { read: reader.moves, back: writer.moves }));
      io.write.ready.drive(writer.busy);
      m.assert('takes_words', io.write.valid.not().or(writer.busy), 'the place of a word is known when it comes back');
      shown.next(reader.moves.or(shown.and(io.read.ready.not())));

      m.comment('A cleared token reads zeros, whatever the memory holds.');
      const words = m.memory('words', { depth: s.depth, shape: uint(s.width), style: s.style });
      const data = words.read('word', reader.address, { enable: reader.moves });
      const cleared = m.delay('cleared', zero, { enable: reader.moves });
      io.read.valid.drive(shown);
      io.read.payload.drive(cleared.mux(m.constant(data.type, 0), data));
      words.write({ address: writer.address, data: io.write.payload, enable: writer.moves });
    },
  );
}
