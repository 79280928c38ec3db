/** A pipeline register for a stream that cuts the way back as well. */
import { type Design, defineModule } from '../module.ts';
import { bit, type Shape, widthOf } from '../shape.ts';
import { type Stage, stage } from './stage.ts';

/**
 * Skid buffer: no combinational path in either direction. When the output stalls, the beat that was already on its way is
 * caught in a second place.
 *
 *     latency     1 cycle
 *     throughput  1 beat per cycle
 *     paths       out.valid, out.payload, in.ready: from registers
 *     state       2 beats: 2 payload widths + 2 flip-flops, and a multiplexer of the payload's width
 *     formula     in.ready = "the second place is empty"
 */
export function skidBuffer<T extends Shape>(payload: T): Design<Stage<T>> {
  return defineModule(
    {
      name: `stream_skid_w${widthOf(payload)}`,
      doc: 'Skid buffer: valid, payload and ready from registers; latency 1, one beat per cycle, holds two beats.',
      ports: stage(payload),
    },
    (m, io) => {
      const full = m.register('full', bit, { reset: 0 });
      const empty = m.register('skid_empty', bit, { reset: 1 });
      const take = io.in.valid.and(empty).named('take');
      const move = io.out.ready.or(full.not()).named('move');

      m.comment('The second place is filled when a beat arrives and the first does not move.');
      empty.next(move.or(empty.and(take.not())));
      const skid = m.delay('skid', io.in.payload, { enable: take });

      m.comment('The first place takes from the second, else from the input.');
      const any = take.or(empty.not()).named('any');
      full.next(move.mux(any, full));
      const enable = move.and(any).named('load');
      const next = empty.mux(io.in.payload, skid);
      io.in.ready.drive(empty);
      io.out.valid.drive(full);
      io.out.payload.drive(m.delay('payload_q', next, { enable }));
    },
  );
}
