/** An event into another clock domain. */
import { inDomain } from '../domain.ts';
import { input, output } from '../interface.ts';
import { type Design, defineModule, type ModuleBuilder } from '../module.ts';
import { bit } from '../shape.ts';
import type { UInt } from '../signal.ts';
import { checkParameters } from '../stream/parameter.ts';
import { type CrossingOptions, checkFlops, sides } from './parameter.ts';
import { settled } from './synchroniser.ts';

const ports = ({ from, to }: ReturnType<typeof sides>) => ({
  ...inDomain(from, {
    fire: input(bit, 'the event; counts in cycles in which ready is 1'),
    ready: output(bit, 'the event before has been seen'),
  }),
  ...inDomain(to, { fired: output(bit, '1 for one cycle per event') }),
});
export type PulseInterface = ReturnType<typeof ports>;

/**
 * Pulse handshake: every `fire & ready` of one clock is one cycle of `fired` of the other, whatever their periods.
 *
 *     latency     flops edges of `to` after the edge at which the event counted, one more where edges are close
 *     throughput  one event per flops + 1 cycles of each clock, and a cycle for close edges on each side
 *     state       2 flops + 3 flip-flops
 *     formula     toggle' = toggle ^ (fire & ready); ready = toggle == seen, back here; fired = toggle, there, changed
 *
 * Both resets are held together, for longer than flops periods of the slower clock. Proved over 16 steps from reset, in
 * each of which either clock or both may have an edge (test/cdc-proof.test.ts).
 */
export function pulse({ flops = 2 }: CrossingOptions = {}): Design<PulseInterface, 'from' | 'to'> {
  checkParameters('pulse', pulse, [checkFlops(flops)]);
  const { from, to } = sides();
  return defineModule(
    {
      name: `cdc_pulse_n${flops}`,
      doc: 'Pulse handshake: an event of one clock becomes one cycle of another.',
      domains: [from, to],
      ports: ports({ from, to }),
    },
    (m, io) => {
      const seen = m.wire('seen', bit);
      const { toggle, ready } = request(m, io.fire, seen, flops);
      io.ready.drive(ready);
      m.domain(to, () => {
        const asked = settled(m, 'toggle', 'bit', toggle, flops);
        seen.drive(m.delay('toggle_seen', asked, { reset: 0 }));
        io.fired.drive(asked.xor(seen));
      });
    },
  );
}

/** The asking side of a toggle handshake, in the present domain; `seen` is the toggle that the other side has answered. */
export function request(m: ModuleBuilder, fire: UInt, seen: UInt, flops: number) {
  const toggle = m.register('toggle', bit, { reset: 0 });
  const ready = settled(m, 'seen', 'bit', seen, flops).eq(toggle).named('free');
  const accept = fire.and(ready).named('accept');
  toggle.next(toggle.xor(accept));
  return { toggle, ready, accept };
}
