/** Narrow beats to wide words. */
import { pack } from '../arithmetic.ts';
import { sink, source } from '../interface.ts';
import { addressWidth, bitsFor } from '../ir.ts';
import { type Design, defineModule } from '../module.ts';
import { type Bits, bit, uint } from '../shape.ts';
import type { UInt } from '../signal.ts';
import { atLeast, checkParameters } from './parameter.ts';
import type { Stage } from './stage.ts';

export interface WidthOptions {
  /** Bits of a unit, the narrow side's data. */
  readonly unit: number;
  /** Units in a word, the wide side's data; 2 or more. */
  readonly ratio: number;
}

type U = Bits<'unsigned'>;
/** A unit, and whether it is the last of its packet. */
export type Units = { readonly data: U; readonly last: U };
/** `count` units (1 to ratio), the first in the low bits, and whether the packet ends with them. */
export type Words = { readonly data: U; readonly count: U; readonly last: U };

export const units = ({ unit }: WidthOptions): Units => ({ data: uint(unit), last: bit });
export const words = ({ unit, ratio }: WidthOptions): Words => ({
  data: uint(unit * ratio),
  count: uint(bitsFor(BigInt(ratio))),
  last: bit,
});

/** One bit per unit: 1 for the first `count` of them (`keep` of AXI4-Stream, where a unit is a byte). */
export const keep = (count: UInt, ratio: number): UInt => pack(Array.from({ length: ratio }, (_, i) => count.gt(i)));

/**
 * Widener: `ratio` units make a word; the last unit of a packet ends its word early. Units beyond `count` are zero.
 *
 *     latency     1 cycle from the unit that completes a word
 *     throughput  1 unit per cycle
 *     paths       out: from registers; in.ready <- out.ready: one gate
 *     state       1 word, count, last, 1 flag; position of the next unit
 *     formula     in.ready = out.ready | ~full
 */
export function widen(options: WidthOptions): Design<Stage<Units, Words>> {
  const { unit, ratio } = options;
  checkParameters('widen', widen, [atLeast('unit', 1, unit), atLeast('ratio', 2, ratio)]);
  const shape = words(options);
  return defineModule(
    {
      name: `stream_widen_w${unit}_n${ratio}`,
      doc: `Widener: ${ratio} units of ${unit} bits to one word, fewer at the end of a packet; latency 1.`,
      ports: {
        in: sink(units(options), 'units'),
        out: source(shape, 'words: the first unit in the low bits; count: how many units; beyond them zero'),
      },
    },
    (m, io) => {
      const full = m.register('full', bit, { reset: 0 });
      const ready = io.out.ready.or(full.not()).named('move');
      const enable = io.in.valid.and(ready).named('take');
      const position = m.register('position', uint(addressWidth(ratio)), { reset: 0, enable });
      const complete = io.in.payload.last.or(position.eq(ratio - 1)).named('complete');
      const next = position.add(1).named('next_position');
      position.next(complete.mux(m.constant(position.type, 0), next.trunc(position.width)));
      full.next(enable.mux(complete, full.and(io.out.ready.not())));

      m.comment('The first unit of a word clears the others.');
      const first = position.eq(0).named('first');
      const lanes = Array.from({ length: ratio }, (_, i) => {
        const here = i === 0 ? first : position.eq(i).named(`here_${i}`);
        const load = enable.and(i === 0 ? first : here.or(first)).named(`load_${i}`);
        return m.delay(`unit_${i}`, here.mux(io.in.payload.data, 0), { enable: load });
      });
      io.in.ready.drive(ready);
      io.out.valid.drive(full);
      io.out.payload.data.drive(pack(lanes));
      const count = next.width === shape.count.width ? next : next.trunc(shape.count.width);
      io.out.payload.count.drive(m.delay('count_q', count, { enable }));
      io.out.payload.last.drive(m.delay('last_q', io.in.payload.last, { enable }));
    },
  );
}
