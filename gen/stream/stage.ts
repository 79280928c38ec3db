/** Elements with one stream in and one out. */
import { type SinkPort, type SourcePort, sink, source } from '../interface.ts';
import type { Shape } from '../shape.ts';

/** Takes beats of shape `A` from `in` and gives beats of shape `B` to `out`. */
export type Stage<A extends Shape, B extends Shape = A> = {
  readonly in: SinkPort<A>;
  readonly out: SourcePort<B>;
};

export const stage = <T extends Shape>(payload: T) => ({
  in: sink(payload, 'beats'),
  out: source(payload, 'the same beats in the same order'),
});
