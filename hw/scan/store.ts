/** State on chip: words in block RAM, which leave and come back as streams, token by token. */
import { bit, type Design, defineModule, type Memory, uint } from '../../gen/index.ts';
import { fewerUnderWay, type StoreParameters, storeInterface, walkWords } from './region.ts';

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
      m.comment('Reads: the output is free, and the word has come back.');
      const shown = m.register('shown', bit, { reset: 0 });
      const room = shown.not().or(io.read.ready).named('room');
      const returned = m.wire('returned', bit);
      const reader = walkWords(m, 'read', io.region, room.and(returned));
      const { base, words: size, clear } = m.delay('token', io.region.payload, { enable: reader.take });
      shown.next(reader.moves.or(shown.and(io.read.ready.not())));

      m.comment(
        'Writes: next is the token that is read. When its last word is read the token before it is back, so that no other waits.',
      );
      const next = m.register('write_next', bit, { reset: 0 });
      const region = { valid: next, ready: m.wire('write_next_taken', bit), payload: { base, words: size } };
      const writer = walkWords(m, 'write', region, io.write.valid);
      const waits = next.and(region.ready.not()).named('write_waits');
      next.next(reader.take.or(waits));
      m.assert('one_token_waits', reader.take.and(waits).not(), 'the token before the one that is read is written');
      returned.drive(fewerUnderWay(m, s, size, { read: reader.moves, back: writer.moves }));
      io.write.ready.drive(writer.busy);
      m.assert('takes_words', io.write.valid.not().or(writer.busy), 'the place of a word is known when it comes back');

      m.comment('A cleared token reads zeros, whatever the memory holds.');
      const words = m.memory('words', { depth: s.depth, shape: uint(s.width), style: s.style });
      const data = words.read('word', reader.address, { enable: reader.moves });
      const cleared = m.delay('cleared', clear, { enable: reader.moves });
      io.read.valid.drive(shown);
      io.read.payload.drive(cleared.mux(m.constant(data.type, 0), data));
      words.write({ address: writer.address, data: io.write.payload, enable: writer.moves });
    },
  );
}
