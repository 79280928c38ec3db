/** A word at a time into another clock domain. */
import { inDomain } from '../domain.ts';
import { type SinkPort, type SourcePort, sink, source } from '../interface.ts';
import { type Design, defineModule } from '../module.ts';
import { bit, type Shape, widthOf } from '../shape.ts';
import { checkParameters } from '../stream/parameter.ts';
import { type CrossingOptions, checkFlops, sides } from './parameter.ts';
import { request } from './pulse.ts';
import { settled } from './synchroniser.ts';

export type CrossingInterface<T extends Shape> = { readonly in: SinkPort<T>; readonly out: SourcePort<T> };

/**
 * Stream handshake: beats of one clock become beats of another. The payload is held while a toggle crosses, so that it is
 * stable when the other side takes it.
 *
 *     latency     flops + 1 edges of `to` after the edge at which `in` moved, one more where edges are close
 *     throughput  a beat per flops + 1 cycles of each clock and a cycle for close edges on each side
 *     state       two copies of the payload, 2 flops + 3 flip-flops
 *     formula     in.ready = toggle == taken, back here; out' = held when toggle, there, != taken
 *
 * Both resets are held together, for longer than flops periods of the slower clock. Proved over 16 steps from reset, in
 * each of which either clock or both may have an edge (test/cdc-proof.test.ts).
 */
export function handshake<T extends Shape>(
  payload: T,
  { flops = 2 }: CrossingOptions = {},
): Design<CrossingInterface<T>, 'from' | 'to'> {
  checkParameters('handshake', handshake, [checkFlops(flops)]);
  const { from, to } = sides();
  return defineModule(
    {
      name: `cdc_handshake_w${widthOf(payload)}_n${flops}`,
      doc: 'Stream handshake: beats of one clock, held until the other clock has taken them.',
      domains: [from, to],
      ports: {
        ...inDomain(from, { in: sink(payload, 'beats') }),
        ...inDomain(to, { out: source(payload, 'the same beats in the same order') }),
      },
    },
    (m, io) => {
      const taken = m.wire('taken', bit);
      const { toggle, ready, accept } = request(m, io.in.valid, taken, flops);
      io.in.ready.drive(ready);
      const held = m.delay('held', io.in.payload, { enable: accept });
      m.domain(to, () => {
        const asked = settled(m, 'toggle', 'bit', toggle, flops);
        const full = m.register('full', bit, { reset: 0 });
        const free = full.not().or(io.out.ready).named('free_out');
        const take = asked.xor(taken).and(free).named('take');
        full.next(take.or(free.not()));
        taken.drive(m.delay('toggle_taken', asked, { reset: 0, enable: take }));
        io.out.valid.drive(full);
        io.out.payload.drive(m.delay('out_payload', held, { enable: take, crossing: 'held' }));
      });
    },
  );
}
