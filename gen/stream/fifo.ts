/** A queue of beats on a memory. */
import { type OutputPort, output } from '../interface.ts';
import { addressWidth, bitsFor, type Memory } from '../ir.ts';
import { type Design, defineModule, type ModuleBuilder } from '../module.ts';
import { fromBits, toBits } from '../packing.ts';
import { type Bits, bit, type Shape, uint, widthOf } from '../shape.ts';
import type { UInt } from '../signal.ts';
import type { Readable } from '../value.ts';
import { atLeast, checkParameters } from './parameter.ts';
import { type Stage, stage } from './stage.ts';

export interface FifoOptions {
  /** Beats that it holds, the one at the output included; any whole number of 1 or more. */
  readonly depth: number;
  readonly style?: Memory['style'];
  /** Whoever feeds it counts places and never gives a beat too many: it always takes, and an assertion sees to that; default false. */
  readonly counted?: boolean;
}

export type FifoInterface<T extends Shape> = Stage<T> & {
  readonly count: OutputPort<Bits<'unsigned'>>;
};

/**
 * FIFO, first word falls through: the beat at the output is shown, and popped by `ready`. The memory has one write and one
 * registered read port (block RAM, or LUT-RAM by `style`); its read register is the output stage, so that the memory has a word less
 * than the FIFO has places; but 2^k words for 2^k places, since their pointers wrap around by themselves.
 *
 *     latency     2 cycles through an empty FIFO
 *     throughput  min(1, depth / 3) beats per cycle: 1 from depth 3 on (for depth 2 at full rate: `skidBuffer`)
 *     paths       out.valid from a register, out.payload from the memory's read register; in.ready, count: registers
 *                 and a comparator
 *     state       depth - 1 words (2^k for depth 2^k; one word is a register) and the output stage; two pointers, a count, 1 flag
 *     formula     in.ready = count != depth, or 1 where places are counted outside; a place is free again when its beat has left the output
 */
export function fifo<T extends Shape>(
  payload: T,
  { depth, style = 'auto', counted = false }: FifoOptions,
): Design<FifoInterface<T>> {
  checkParameters('fifo', fifo, [atLeast('depth', 1, depth)]);
  const width = widthOf(payload);
  const held = uint(bitsFor(BigInt(depth)));
  return defineModule(
    {
      name: `stream_fifo_w${width}_d${depth}${counted ? '_counted' : ''}`,
      doc: `FIFO of ${depth} beats: first word falls through, latency 2, min(1, depth / 3) beats per cycle.`,
      ports: { ...stage(payload), count: output(held, 'beats held, the one at the output included') },
    },
    (m, io) => {
      const count = m.register('held', held, { reset: 0 });
      const shown = m.register('shown', bit, { reset: 0 });
      const room = count.ne(depth).named('room');
      if (counted) m.assert('counted', io.in.valid.not().or(room), 'there is a place for every beat');
      const ready = counted ? m.constant(bit, 1) : room;
      const write = io.in.valid.and(ready).named('write');
      const pop = shown.and(io.out.ready).named('pop');
      const more = count.add(1).named('one_more').trunc(held.width);
      const fewer = count.sub(1).named('one_fewer').trunc(held.width).asUnsigned();
      count.next(write.mux(pop.mux(count, more), pop.mux(fewer, count)));

      m.comment('The next word goes to the output stage as soon as there is one and the stage is free.');
      const waiting = count.ne(shown.ext(held.width)).named('waiting');
      const read = waiting.and(pop.or(shown.not())).named('read');
      shown.next(read.or(shown.and(io.out.ready.not())));

      const places = fifoWords(depth);
      const front = (): Readable<T> => {
        if (places === 1) {
          const word = m.delay('words_0', toBits(io.in.payload), { enable: write });
          return fromBits(payload, m.delay('front', word, { enable: read }));
        }
        const words = m.memory('words', { depth: places, shape: payload, style });
        words.write({ address: pointer(m, 'tail', places, write), data: io.in.payload, enable: write });
        return words.read('front', pointer(m, 'head', places, read), { enable: read });
      };

      io.in.ready.drive(ready);
      io.out.valid.drive(shown);
      io.out.payload.drive(front());
      io.count.drive(count);
    },
  );
}

/** Words of the memory. */
export const fifoWords = (depth: number): number =>
  depth !== 2 && Number.isInteger(Math.log2(depth)) ? depth : depth - 1;

/** Counts 0 to `places` - 1 and round again. */
function pointer(m: ModuleBuilder, name: string, places: number, enable: UInt): UInt {
  const type = uint(addressWidth(places));
  const at = m.register(name, type, { reset: 0, enable });
  const next = at.add(1).named(`${name}_plus_1`).trunc(type.width);
  at.next(places === 2 ** type.width ? next : at.eq(places - 1).mux(m.constant(type, 0), next));
  return at;
}
