/** Wide words to narrow beats. */
import { unpack } from '../arithmetic.ts';
import { sink, source } from '../interface.ts';
import { addressWidth } from '../ir.ts';
import { type Design, defineModule } from '../module.ts';
import { uint } from '../shape.ts';
import { atLeast, checkParameters } from './parameter.ts';
import type { Stage } from './stage.ts';
import { type Units, units, type WidthOptions, type Words, words } from './widen.ts';

/**
 * Narrower: the first `count` units of every word one after the other; `last` with the last of them. The word waits at the
 * input until its last unit is taken. A count of 0 counts as 1.
 *
 *     latency     0
 *     throughput  1 unit per cycle
 *     paths       in.valid, in.payload to out; out.ready to in.ready: combinational
 *     state       position of the present unit
 *     formula     out.data = unit `position`; in.ready = out.ready & (position is the word's last)
 */
export function narrow(options: WidthOptions): Design<Stage<Words, Units>> {
  const { unit, ratio } = options;
  checkParameters('narrow', narrow, [atLeast('unit', 1, unit), atLeast('ratio', 2, ratio)]);
  return defineModule(
    {
      name: `stream_narrow_w${unit}_n${ratio}`,
      doc: `Narrower: words of up to ${ratio} units of ${unit} bits to single units; latency 0.`,
      ports: {
        in: sink(words(options), 'words: the first unit in the low bits; count: how many units, 1 or more'),
        out: source(units(options), 'units'),
      },
    },
    (m, io) => {
      const { data, count, last } = io.in.payload;
      const position = m.register('position', uint(addressWidth(ratio)), { reset: 0 });
      const next = position.add(1).named('next_position');
      const ends = next
        .ge(count.ext(next.width))
        .or(position.eq(ratio - 1))
        .named('word_ends');
      const move = io.in.valid.and(io.out.ready).named('move');
      position.next(move.mux(ends.mux(m.constant(position.type, 0), next.trunc(position.width)), position));
      io.in.ready.drive(io.out.ready.and(ends));
      io.out.valid.drive(io.in.valid);
      const lanes = unpack(data, unit);
      const present = lanes.slice(1).reduce((other, lane, i) => position.eq(i + 1).mux(lane, other), lanes[0]!);
      io.out.payload.data.drive(present);
      io.out.payload.last.drive(last.and(ends));
    },
  );
}
