/** A queue of beats between two clock domains. */
import { inDomain } from '../domain.ts';
import { sink, source } from '../interface.ts';
import type { Memory } from '../ir.ts';
import { type Design, defineModule, type ModuleBuilder } from '../module.ts';
import { bit, type Shape, uint, widthOf } from '../shape.ts';
import { cat, type UInt } from '../signal.ts';
import { checkParameters, type Parameter } from '../stream/parameter.ts';
import { toGray } from './gray.ts';
import type { CrossingInterface } from './handshake.ts';
import { type CrossingOptions, checkFlops, sides } from './parameter.ts';
import { settled } from './synchroniser.ts';

export interface AsyncFifoOptions extends CrossingOptions {
  /** Words of the memory: a power of two, 2 or more. One more beat waits in the output stage. */
  readonly depth: number;
  readonly style?: Memory['style'];
}

const powerOfTwo = (found: number): Parameter => ({
  name: 'depth',
  expected: 'a power of two, 2 or more',
  found: `${found}`,
  holds: Number.isInteger(found) && found >= 2 && 2 ** Math.round(Math.log2(found)) === found,
});

/**
 * Asynchronous FIFO: beats of one clock become beats of another, in order. The pointers cross as Gray codes (Cummings, SNUG
 * 2002, style 1); words cross in the memory, which has one write and one registered read port.
 *
 *     latency     flops + 1 edges of `to` after the edge at which `in` moved, one more where edges are close
 *     throughput  a beat per cycle of the slower clock when depth >= 2 flops + 4
 *     paths       in.ready: registers and a comparator; out.valid from a register, out.payload from the memory's
 *     state       depth words, 4 log2(depth) + 5 flip-flops, 2 flops (log2(depth) + 1) with ASYNC_REG
 *     formula     in.ready = gray(tail) != gray(head, here) with the upper two bits inverted; read when
 *                 gray(head) != gray(tail, there) and the output stage is free
 *
 * Both resets are held together, for longer than flops periods of the slower clock. Proved for depth 2 over 16 steps from
 * reset, in each of which either clock or both may have an edge (test/cdc-proof.test.ts).
 */
export function asyncFifo<T extends Shape>(
  payload: T,
  { depth, flops = 2, style = 'auto' }: AsyncFifoOptions,
): Design<CrossingInterface<T>, 'from' | 'to'> {
  checkParameters('asyncFifo', asyncFifo, [powerOfTwo(depth), checkFlops(flops)]);
  const width = widthOf(payload);
  const { from, to } = sides();
  return defineModule(
    {
      name: `cdc_fifo_w${width}_d${depth}_n${flops}`,
      doc: `Asynchronous FIFO of ${depth} beats and one in the output stage, with Gray pointers.`,
      domains: [from, to],
      ports: {
        ...inDomain(from, { in: sink(payload, 'beats') }),
        ...inDomain(to, { out: source(payload, 'the same beats in the same order') }),
      },
    },
    (m, io) => {
      const bits = Math.log2(depth);
      const headGray = m.wire('head_gray', uint(bits + 1));
      const write = m.wire('write', bit);
      const tail = grayPointer(m, 'tail', bits, write);
      const headSeen = settled(m, 'head', 'gray', headGray, flops);
      m.comment('Full: the write pointer is one round ahead, which inverts the upper two bits of its Gray code.');
      const turned = headSeen.slice(bits, bits - 1).not();
      const full = tail.gray.eq(bits === 1 ? turned : cat(turned, headSeen.slice(bits - 2, 0))).named('full');
      write.drive(io.in.valid.and(full.not()));
      io.in.ready.drive(full.not());
      const words = m.memory('words', { depth, shape: payload, style, crossing: 'held' });
      words.write({ address: tail.address, data: io.in.payload, enable: write });

      m.domain(to, () => {
        const tailSeen = settled(m, 'tail', 'gray', tail.gray, flops);
        const shown = m.register('shown', bit, { reset: 0 });
        const read = m.wire('read', bit);
        const head = grayPointer(m, 'head', bits, read);
        headGray.drive(head.gray);
        const free = shown.not().or(io.out.ready).named('free');
        read.drive(head.gray.ne(tailSeen).and(free));
        shown.next(read.or(free.not()));
        const front = words.read('front', head.address, { enable: read });
        io.out.valid.drive(shown);
        io.out.payload.drive(front);
      });
    },
  );
}

/** A pointer in the present domain that moves on when `move` is 1: the address, and the Gray code with one bit more. */
function grayPointer(m: ModuleBuilder, name: string, bits: number, move: UInt): { address: UInt; gray: UInt } {
  const at = m.register(`${name}_pointer`, uint(bits + 1), { reset: 0, enable: move });
  const next = at
    .add(1)
    .trunc(bits + 1)
    .named(`${name}_plus_1`);
  at.next(next);
  const gray = m.delay(`${name}_pointer_gray`, toGray(next), { reset: 0, enable: move });
  return { address: at.trunc(bits), gray };
}
