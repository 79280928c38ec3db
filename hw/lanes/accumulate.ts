/** Registers that gather values of a pipeline over several beats. */
import type { ModuleBuilder, Pipeline, Sign, Signal, UInt } from '../../gen/index.ts';

/**
 * What `combine` makes of the values of a run of beats: at the latency after that of `value`, complete with its last beat. `valid` and
 * `first` are of the pipeline; the first beat of a run begins with `start`,
 * a constant or a value of the pipeline. `combine` must keep the width of `start`. Without `valid` every cycle counts: for values of which
 * those between two beats change nothing.
 */
export function accumulate<S extends Sign>(
  m: ModuleBuilder,
  pipe: Pipeline,
  name: string,
  { valid, first }: { readonly valid?: UInt; readonly first: UInt },
  value: Signal<S>,
  start: Signal<S>,
  combine: (sum: Signal<S>, value: Signal<S>) => Signal<S>,
): Signal<S> {
  const at = pipe.latency(value as never);
  const enabled = valid === undefined ? {} : { enable: pipe.at(valid, at) };
  const sum = m.register(name, start.type, enabled) as unknown as Signal<S> & {
    next(v: Signal<S>): void;
  };
  const begin = pipe.at(start as never, at);
  const before = pipe.at(first, at).mux(begin, sum as never) as unknown as Signal<S>;
  sum.next(combine(before, value));
  // A name of its own: the register itself is read at two latencies.
  const total = m.wire(`${name}_so_far`, start.type);
  total.drive(sum as never);
  return pipe.enter(total as never, at + 1) as unknown as Signal<S>;
}
