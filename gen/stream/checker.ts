/** The rules of ready/valid streams as hardware. */
import { type InputPort, input, type OutputPort, output } from '../interface.ts';
import { type Design, defineModule } from '../module.ts';
import { equal } from '../packing.ts';
import { type Bits, bit, type Shape, widthOf } from '../shape.ts';

type Flag = Bits<'unsigned'>;

export type StreamCheckerInterface<T extends Shape> = {
  readonly valid: InputPort<Flag>;
  readonly ready: InputPort<Flag>;
  readonly payload: InputPort<T>;
  readonly error: OutputPort<{
    readonly now: Flag;
    readonly retracted: Flag;
    readonly changed: Flag;
    readonly seen: Flag;
  }>;
};

/**
 * Protocol checker: listens to a stream. A beat that was not taken must still be there in the next cycle, unchanged.
 * Both rules are properties as well: violations in our simulator, assertions in the Verilog.
 *
 *     latency     0: an error is shown in the cycle that breaks the rule; `seen` from then on until reset
 *     state       payload width + 2 flip-flops
 *     formula     stalled' = valid & ~ready
 *                 retracted = stalled & ~valid; changed = stalled & valid & payload != payload before
 */
export function streamChecker<T extends Shape>(payload: T): Design<StreamCheckerInterface<T>> {
  return defineModule(
    {
      name: `stream_checker_w${widthOf(payload)}`,
      doc: 'Stream checker: valid and payload must stay while a beat waits for ready.',
      ports: {
        valid: input(bit, 'of the stream'),
        ready: input(bit, 'of the stream'),
        payload: input(payload, 'of the stream'),
        error: output(
          { now: bit, retracted: bit, changed: bit, seen: bit },
          'now: one of the two others; seen: ever since reset',
        ),
      },
    },
    (m, io) => {
      const { valid, ready } = io;
      const stalled = m.delay('stalled', valid.and(ready.not()), { reset: 0 });
      const before = m.delay('before', io.payload);
      const retracted = stalled.and(valid.not()).named('retracted');
      const changed = stalled.and(valid).and(equal(before, io.payload).not()).named('changed');
      m.assert('valid_stays', retracted.not(), 'valid must stay 1 until the beat is taken');
      m.assert('payload_stays', changed.not(), 'the payload must stay as it is until the beat is taken');
      const seen = m.register('seen_q', bit, { reset: 0 });
      const now = retracted.or(changed).named('broken');
      seen.next(seen.or(now));
      io.error.now.drive(now);
      io.error.retracted.drive(retracted);
      io.error.changed.drive(changed);
      io.error.seen.drive(seen.or(now));
    },
  );
}
