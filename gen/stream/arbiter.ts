/** Several streams take turns on one. */

import {
  type Given,
  type OutputPort,
  output,
  type SinkPort,
  type SourcePort,
  sink,
  source,
  type Taken,
} from '../interface.ts';
import { addressWidth } from '../ir.ts';
import { type Design, defineModule } from '../module.ts';
import { type Bits, bit, type Shape, uint, widthOf } from '../shape.ts';
import type { UInt } from '../signal.ts';
import type { Drivable, Readable } from '../value.ts';
import { checkParameters, flagField, streamNames } from './parameter.ts';
import { anyOf, roundRobin } from './round-robin.ts';

export type ArbiterInterface<T extends Shape, N extends string> = { readonly [K in N]: SinkPort<T> } & {
  readonly out: SourcePort<T>;
  readonly from: OutputPort<Bits<'unsigned'>>;
};

export interface ArbiterOptions {
  /** A one-bit field of the payload: an input keeps the output until a beat with a 1 in it. Without it: after each beat. */
  readonly until?: string;
}

/**
 * Round-robin arbiter: after an input has been served (one beat, or one packet with `until`), the others come first, in
 * cyclic order. An input waits for at most n - 1 others.
 *
 *     latency     0
 *     throughput  1 beat per cycle, from whichever inputs have one
 *     paths       all valids to out.valid, out.payload, from and every `ready`; out.ready to every `ready`: combinational
 *     state       n + 1 flip-flops: the input served last, and whether it still has the output
 *     formula     g = the first valid input after the one served last, or that one while it has the output
 *                 out = in_g; in_i.ready = out.ready & (i = g)
 */
export function arbiter<T extends Shape, const N extends string>(
  payload: T,
  inputs: readonly N[],
  { until }: ArbiterOptions = {},
): Design<ArbiterInterface<T, N>> {
  checkParameters('arbiter', arbiter, [
    streamNames('list of inputs', 2, ['out', 'from'], inputs),
    flagField('field `until`', payload, until),
  ]);
  const index = uint(addressWidth(inputs.length));
  const ports = {
    ...Object.fromEntries(inputs.map((name) => [name, sink(payload, 'beats')])),
    out: source(payload, 'the beats of all inputs'),
    from: output(index, 'while out_valid is 1: the number of the input that the beat comes from, the first is 0'),
  } as unknown as ArbiterInterface<T, N>;
  const turn = until === undefined ? 'beat' : 'packet';
  return defineModule(
    {
      name: `stream_arbiter_w${widthOf(payload)}_n${inputs.length}${until === undefined ? '' : '_packets'}`,
      doc: `Round-robin arbiter of ${inputs.length} streams, a ${turn} each in turn; latency 0.`,
      ports,
    },
    (m, io) => {
      const sources = inputs.map((name) => io[name] as Taken<T>);
      const out = io.out as Given<T>;
      const valids = sources.map((s) => s.valid as UInt);

      m.comment('The first valid input after the one served last; else the first of all.');
      const locked = m.register('locked', bit, { reset: 0 });
      const served = inputs.map((name, i) =>
        m.register(`${name}_served`, bit, { reset: i === inputs.length - 1 ? 1 : 0 }),
      );
      const grants = roundRobin(inputs, valids, served).map((choice, i) =>
        locked.mux(served[i]!, choice).named(`${inputs[i]}_granted`),
      );
      const valid = anyOf(grants.map((g, i) => g.and(valids[i]!))).named('granted_valid');
      const beat = sources.slice(1).reduce((other, s, i) => grants[i + 1]!.mux(s.payload, other), sources[0]!.payload);

      m.comment('A choice stands until its beat has moved, or until the last beat of its packet has.');
      const last = until === undefined ? undefined : (beat as Readable<Record<string, Bits<'unsigned'>>>)[until]!;
      const ends = last === undefined ? out.ready : out.ready.and(last.named('packet_ends'));
      locked.next(valid.mux(ends.not(), locked));
      for (const [i, s] of served.entries()) s.next(valid.mux(grants[i]!, s));
      for (const [i, s] of sources.entries()) s.ready.drive(out.ready.and(grants[i]!));
      out.valid.drive(valid);
      out.payload.drive(beat);
      const numbers = grants.map((g, i) => g.mux(m.constant(index, i), 0)).slice(1);
      (io.from as Drivable<Bits<'unsigned'>>).drive(numbers.reduce((all, one) => all.or(one)));
    },
  );
}
