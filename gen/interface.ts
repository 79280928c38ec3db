/**
 * Ports as data: a module's interface is a record of typed ports, from which come the handles inside the module, the
 * handles of an instance, and the flat Verilog ports. Streams are ready/valid: a beat moves in every cycle in which both
 * are 1; once `valid` is 1 it stays, with its payload, until the beat has moved; `valid` does not wait for `ready`.
 */
import type { PortDomain } from './domain.ts';
import type { BitType } from './ir.ts';
import { Location } from './location.ts';
import { type Bits, bit, isLeaf, isVector, leafShapes, type Shape, showCodes } from './shape.ts';
import type { Drivable, Readable } from './value.ts';

interface Described<K extends string, T extends Shape> {
  readonly kind: K;
  readonly shape: T;
  readonly doc: string;
  /** Default: the first domain of the module. */
  readonly domain?: PortDomain;
  /** Of a stream: what its handshake is called; default `valid` and `ready`. */
  readonly handshake?: Handshake;
  /** Where it is declared. */
  readonly location: Location;
}
/** `axi4-stream`: `tvalid` and `tready`. */
export type Handshake = 'axi4-stream';
export type InputPort<T extends Shape> = Described<'input', T>;
export type OutputPort<T extends Shape> = Described<'output', T>;
/** A stream that the module takes from. */
export type SinkPort<T extends Shape> = Described<'sink', T>;
/** A stream that the module gives to. */
export type SourcePort<T extends Shape> = Described<'source', T>;
export type PortSpec = InputPort<Shape> | OutputPort<Shape> | SinkPort<Shape> | SourcePort<Shape>;
export type Interface = { readonly [port: string]: PortSpec };

/** A value that the module gets. */
export function input<T extends Shape>(shape: T, doc: string): InputPort<T> {
  return { kind: 'input', shape, doc, location: Location.capture(input) };
}
/** A value that the module drives; it can be read inside, too. */
export function output<T extends Shape>(shape: T, doc: string): OutputPort<T> {
  return { kind: 'output', shape, doc, location: Location.capture(output) };
}
/** A stream that the module takes: `<port>_valid` and the payload come in, `<port>_ready` goes out. */
export function sink<T extends Shape>(shape: T, doc: string): SinkPort<T> {
  return { kind: 'sink', shape, doc, location: Location.capture(sink) };
}
/** A stream that the module gives: `<port>_valid` and the payload go out, `<port>_ready` comes in. */
export function source<T extends Shape>(shape: T, doc: string): SourcePort<T> {
  return { kind: 'source', shape, doc, location: Location.capture(source) };
}

type Flag = Bits<'unsigned'>;
/** A stream seen by the side that takes its beats. */
export interface Taken<T extends Shape> {
  readonly valid: Readable<Flag>;
  readonly ready: Drivable<Flag>;
  readonly payload: Readable<T>;
}
/** A stream seen by the side that gives its beats. */
export interface Given<T extends Shape> {
  readonly valid: Drivable<Flag>;
  readonly ready: Readable<Flag>;
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
  readonly location: Location;
  readonly domain?: PortDomain;
}

/** One value of a port: the port itself, or a signal of a stream. */
export interface Member {
  /** Where its handle lives in `Inside`. */
  readonly path: readonly [port: string, ...members: string[]];
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly shape: Shape;
  readonly doc: string;
  readonly location: Location;
  readonly domain: PortDomain | undefined;
}

function membersOfPort(port: string, spec: PortSpec): readonly Member[] {
  const { kind, shape, doc, domain, location, handshake } = spec;
  const placed = { domain, location };
  if (kind === 'input' || kind === 'output')
    return [{ path: [port], name: port, direction: kind, shape, doc, ...placed }];
  const [forward, back] = kind === 'sink' ? (['input', 'output'] as const) : (['output', 'input'] as const);
  const data = isLeaf(shape) || isVector(shape) ? `${port}_data` : port;
  const [valid, ready] = handshake === 'axi4-stream' ? ['tvalid', 'tready'] : ['valid', 'ready'];
  return [
    { path: [port, 'valid'], name: `${port}_${valid}`, direction: forward, shape: bit, doc, ...placed },
    { path: [port, 'ready'], name: `${port}_${ready}`, direction: back, shape: bit, doc: '', ...placed },
    { path: [port, 'payload'], name: data, direction: forward, shape, doc: '', ...placed },
  ];
}

/** Of the interfaces met so far, as long as they are there. */
const known = new WeakMap<Interface, readonly Member[]>();

export function membersOf(ports: Interface): readonly Member[] {
  const members = known.get(ports) ?? Object.entries(ports).flatMap(([port, spec]) => membersOfPort(port, spec));
  known.set(ports, members);
  return members;
}

/** The flat ports of an interface, in order of declaration; the first of a port's carries its documentation. */
export const flatPorts = (ports: Interface): readonly FlatPort[] =>
  membersOf(ports).flatMap(({ name, direction, shape, doc, location, domain }) =>
    leafShapes(shape, name).map(([leaf, type], i) => {
      const docs = [...(i === 0 && doc !== '' ? [doc] : []), ...(type.kind === 'enumeration' ? [showCodes(type)] : [])];
      const port = { name: leaf, direction, width: type.width, signed: type.signed, doc: docs.join('; '), location };
      return domain === undefined ? port : { ...port, domain };
    }),
  );

/** The tree of handles, one made for every member. */
export function handles(ports: Interface, make: (member: Member) => unknown): unknown {
  const root: Record<string, Record<string, unknown>> = {};
  for (const member of membersOf(ports)) {
    const [port, inner] = member.path;
    if (inner === undefined) root[port] = make(member) as Record<string, unknown>;
    else root[port] = { ...root[port], [inner]: make(member) };
  }
  return root;
}
