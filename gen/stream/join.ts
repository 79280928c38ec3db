/** Several streams to one stream of records. */
import { type Given, type SinkPort, type SourcePort, sink, source, type Taken } from '../interface.ts';
import { type Design, defineModule } from '../module.ts';
import { isLeaf, isVector, type LeafShape, type RecordShape, type Shape, type Vector, widthOf } from '../shape.ts';
import type { Value } from '../value.ts';
import { checkParameters, streamNames } from './parameter.ts';

type Streams = { readonly [stream: string]: Shape };

type Field<K extends string, T> = T extends LeafShape | Vector
  ? { readonly name: K; readonly type: T }
  : { [F in keyof T & string]: { readonly name: `${K}_${F}`; readonly type: T[F] } }[keyof T & string];
type Fields<S extends Streams> = { [K in keyof S & string]: Field<K, S[K]> }[keyof S & string];
/** The record: a stream `a` of single values gives field `a`, a stream `b` of records gives fields `b_x`, `b_y`, ... */
export type Joined<S extends Streams> = { readonly [P in Fields<S> as P['name']]: P['type'] & Shape };

export type JoinInterface<S extends Streams> = { readonly [K in keyof S]: SinkPort<S[K]> } & {
  readonly out: SourcePort<Joined<S>>;
};

/** The fields that a stream gives to the record: what each holds in it, made of the whole by `get`. */
function fieldsOf(
  stream: string,
  shape: Shape,
): readonly (readonly [name: string, type: Shape, get: (v: unknown) => unknown])[] {
  if (isLeaf(shape) || isVector(shape)) return [[stream, shape, (payload) => payload]];
  return Object.entries(shape).map(([field, type]) => [
    `${stream}_${field}`,
    type,
    (payload) => (payload as Record<string, unknown>)[field],
  ]);
}

/**
 * Join: one beat from each of the named streams makes one beat of the record.
 *
 *     latency     0
 *     throughput  1 beat per cycle
 *     paths       all valids and out.ready to every `ready`, all valids to out.valid: combinational
 *     state       none
 *     formula     out.valid = AND_i in_i.valid; in_i.ready = out.ready & out.valid
 */
export function join<const S extends Streams>(inputs: S): Design<JoinInterface<S>> {
  const names = Object.keys(inputs);
  checkParameters('join', join, [streamNames('record of inputs', 1, ['out'], names)]);
  const record = Object.fromEntries(
    Object.entries(inputs).flatMap(([stream, shape]) => fieldsOf(stream, shape).map(([name, type]) => [name, type])),
  ) as Joined<S> & RecordShape;
  const ports = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, sink(shape, 'a part of the record')])),
    out: source(record, 'one beat of every input'),
  } as unknown as JoinInterface<S>;
  return defineModule(
    {
      name: `stream_join_w${widthOf(record)}_n${names.length}`,
      doc: `Join: one beat from each of ${names.length} streams makes one beat of a record; latency 0.`,
      ports,
    },
    (_m, io) => {
      const parts = names.map((name) => [name, io[name as keyof S] as Taken<Shape>] as const);
      const out = io.out as unknown as Given<Joined<S>>;
      const all = parts
        .map(([, part]) => part.valid)
        .reduce((some, valid) => some.and(valid))
        .named('all_valid');
      out.valid.drive(all);
      for (const [, part] of parts) part.ready.drive(out.ready.and(all));
      const values = parts.flatMap(([stream, { payload }]) =>
        fieldsOf(stream, inputs[stream]!).map(([name, , get]) => [name, get(payload)]),
      );
      out.payload.drive(Object.fromEntries(values) as Value<Joined<S>>);
    },
  );
}
