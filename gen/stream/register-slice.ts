/** A pipeline register for a stream. */
import { type Design, defineModule } from '../module.ts';
import { bit, type Shape, widthOf } from '../shape.ts';
import { type Stage, stage } from './stage.ts';

/**
 * Register slice: breaks the paths of `valid` and payload; `ready` goes through combinationally.
 *
 *     latency     1 cycle
 *     throughput  1 beat per cycle
 *     paths       out.valid, out.payload: from registers; in.ready <- out.ready: one gate
 *     state       1 beat: payload width + 1 flip-flops
 *     formula     in.ready = out.ready | ~full
 */
export function registerSlice<T extends Shape>(payload: T): Design<Stage<T>> {
  return defineModule(
    {
      name: `stream_register_w${widthOf(payload)}`,
      doc: 'Register slice: valid and payload from registers, ready combinational; latency 1, one beat per cycle.',
      ports: stage(payload),
    },
    (m, io) => {
      const full = m.register('full', bit, { reset: 0 });
      const move = io.out.ready.or(full.not()).named('move');
      full.next(move.mux(io.in.valid, full));
      io.in.ready.drive(move);
      io.out.valid.drive(full);
      const enable = move.and(io.in.valid).named('take');
      io.out.payload.drive(m.delay('payload_q', io.in.payload, { enable }));
    },
  );
}
