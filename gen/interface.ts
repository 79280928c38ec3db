/**
 * Ports as data: a module's interface is a record of typed ports, from which come the handles inside the module, the
 * handles of an instance, and the flat Verilog ports. Streams are ready/valid: a beat moves in every cycle in which both
 * are 1; once `valid` is 1 it stays, with its payload, until the beat has moved; `valid` does not wait for `ready`.
 */
import type { PortDomain } from './domain.ts';
import type { BitType } from './ir.ts';
import type { Bits, Operand, Sign, Signal } from './signal.ts';

/** What a port carries: one value, or a record of named fields. */
export type Shape = Bits | { readonly [field: string]: Bits };

/** A value that the surrounding code must drive, exactly once. It can be read too. */
export interface Driven<S extends Sign = Sign> extends Signal<S> {
  drive(value: Operand<S>): void;
}

export type Readable<T extends Shape> =
  T extends Bits<infer S> ? Signal<S> : { readonly [K in keyof T]: T[K] extends Bits<infer S> ? Signal<S> : never };
export type Drivable<T extends Shape> =
  T extends Bits<infer S> ? Driven<S> : { readonly [K in keyof T]: T[K] extends Bits<infer S> ? Driven<S> : never };

interface Described<K extends string, T extends Shape> {
  readonly kind: K;
  readonly shape: T;
  readonly doc: string;
  /** Default: the first domain of the module. */
  readonly domain?: PortDomain;
}
export type InputPort<T extends Shape> = Described<'input', T>;
export type OutputPort<T extends Shape> = Described<'output', T>;
/** A stream that the module takes from. */
export type SinkPort<T extends Shape> = Described<'sink', T>;
/** A stream that the module gives to. */
export type SourcePort<T extends Shape> = Described<'source', T>;
export type PortSpec = InputPort<Shape> | OutputPort<Shape> | SinkPort<Shape> | SourcePort<Shape>;
export type Interface = { readonly [port: string]: PortSpec };

export const input = <T extends Shape>(shape: T, doc: string): InputPort<T> => ({ kind: 'input', shape, doc });
export const output = <T extends Shape>(shape: T, doc: string): OutputPort<T> => ({ kind: 'output', shape, doc });
export const sink = <T extends Shape>(shape: T, doc: string): SinkPort<T> => ({ kind: 'sink', shape, doc });
export const source = <T extends Shape>(shape: T, doc: string): SourcePort<T> => ({ kind: 'source', shape, doc });

/** A stream seen by the side that takes its beats. */
export interface Taken<T extends Shape> {
  readonly valid: Signal<'unsigned'>;
  readonly ready: Driven<'unsigned'>;
  readonly payload: Readable<T>;
}
/** A stream seen by the side that gives its beats. */
export interface Given<T extends Shape> {
  readonly valid: Driven<'unsigned'>;
  readonly ready: Signal<'unsigned'>;
  readonly payload: Drivable<T>;
}

/** The handles inside a module. */
export type Inside<I extends Interface> = {
  readonly [P in keyof I]: I[P] extends InputPort<infer T>
    ? Readable<T>
    : I[P] extends OutputPort<infer T>
      ? Drivable<T>
      : I[P] extends SinkPort<infer T>
        ? Taken<T>
        : I[P] extends SourcePort<infer T>
          ? Given<T>
          : never;
};

/** The handles of an instance: the directions of `Inside` reversed. */
export type Outside<I extends Interface> = {
  readonly [P in keyof I]: I[P] extends InputPort<infer T>
    ? Drivable<T>
    : I[P] extends OutputPort<infer T>
      ? Readable<T>
      : I[P] extends SinkPort<infer T>
        ? Given<T>
        : I[P] extends SourcePort<infer T>
          ? Taken<T>
          : never;
};

export interface FlatPort extends BitType {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly doc: string;
  readonly domain?: PortDomain;
}

const isBits = (shape: Shape): shape is Bits => typeof shape.width === 'number';

/** One leaf of a port: `path` is where its handle lives in `Inside`. */
interface Leaf {
  readonly path: readonly string[];
  readonly port: FlatPort;
}

function leavesOfShape(name: string, path: readonly string[], spec: PortSpec, direction: 'input' | 'output'): Leaf[] {
  const leaf = (suffix: string, type: Bits, at: readonly string[], doc: string): Leaf => ({
    path: at,
    port: { name: `${name}${suffix}`, direction, width: type.width, signed: type.signed, doc },
  });
  const stream = spec.kind === 'sink' || spec.kind === 'source';
  if (isBits(spec.shape)) return [leaf(stream ? '_data' : '', spec.shape, path, stream ? '' : spec.doc)];
  return Object.entries(spec.shape).map(([field, type], i) =>
    leaf(`_${field}`, type, [...path, field], !stream && i === 0 ? spec.doc : ''),
  );
}

function leavesOfPort(name: string, spec: PortSpec): Leaf[] {
  if (spec.kind === 'input' || spec.kind === 'output') return leavesOfShape(name, [name], spec, spec.kind);
  const forward = spec.kind === 'sink' ? 'input' : 'output';
  const back = spec.kind === 'sink' ? 'output' : 'input';
  const flag = (field: string, direction: 'input' | 'output', doc: string): Leaf => ({
    path: [name, field],
    port: { name: `${name}_${field}`, direction, width: 1, signed: false, doc },
  });
  return [
    flag('valid', forward, spec.doc),
    flag('ready', back, ''),
    ...leavesOfShape(name, [name, 'payload'], spec, forward),
  ];
}

/** The flat ports of an interface, in order of declaration. */
export const leavesOf = (ports: Interface): Leaf[] =>
  Object.entries(ports).flatMap(([name, spec]) => {
    const leaves = leavesOfPort(name, spec);
    const { domain } = spec;
    return domain === undefined ? leaves : leaves.map((l) => ({ ...l, port: { ...l.port, domain } }));
  });

/** The tree of handles, one made for every leaf. */
export function handles(ports: Interface, make: (port: FlatPort) => Signal): unknown {
  const root: Record<string, unknown> = {};
  for (const { path, port } of leavesOf(ports)) {
    let at = root;
    for (const step of path.slice(0, -1)) {
      at[step] ??= {};
      at = at[step] as Record<string, unknown>;
    }
    at[path.at(-1)!] = make(port);
  }
  return root;
}
