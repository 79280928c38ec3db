/** One stream to several consumers. */
import { type Given, type SinkPort, type SourcePort, sink, source, type Taken } from '../interface.ts';
import { type Design, defineModule } from '../module.ts';
import { bit, type Shape, widthOf } from '../shape.ts';
import { checkParameters, streamNames } from './parameter.ts';

export type ForkInterface<T extends Shape, N extends string> = { readonly in: SinkPort<T> } & {
  readonly [K in N]: SourcePort<T>;
};

/**
 * Fork: every beat is delivered exactly once to each of the named consumers, each of which takes it when it likes; the next
 * beat comes when all have taken it.
 *
 *     latency     0
 *     throughput  1 beat per cycle while all consumers are ready
 *     paths       valid and payload to all outputs, all `ready`s to in.ready: combinational, a gate or two each
 *     state       one flag per consumer: "has taken the present beat"
 *     formula     out_i.valid = in.valid & ~taken_i; in.ready = AND_i (out_i.ready | taken_i)
 */
export function fork<T extends Shape, const N extends string>(
  payload: T,
  outputs: readonly N[],
): Design<ForkInterface<T, N>> {
  checkParameters('fork', fork, [streamNames('list of outputs', 1, ['in'], outputs)]);
  const ports = {
    in: sink(payload, 'beats'),
    ...Object.fromEntries(outputs.map((name) => [name, source(payload, 'every beat once')])),
  } as unknown as ForkInterface<T, N>;
  return defineModule(
    {
      name: `stream_fork_w${widthOf(payload)}_n${outputs.length}`,
      doc: `Fork: every beat exactly once to each of ${outputs.length} consumers; latency 0.`,
      ports,
    },
    (m, io) => {
      const from = io.in as Taken<T>;
      const ready = m.wire('all_taken', bit);
      const parts = outputs.map((name) => {
        const to = io[name] as Given<T>;
        const taken = m.register(`${name}_taken`, bit, { reset: 0 });
        const satisfied = to.ready.or(taken).named(`${name}_satisfied`);
        taken.next(from.valid.and(satisfied).and(ready.not()));
        to.valid.drive(from.valid.and(taken.not()));
        to.payload.drive(from.payload);
        return satisfied;
      });
      ready.drive(parts.reduce((all, satisfied) => all.and(satisfied)));
      from.ready.drive(ready);
    },
  );
}
