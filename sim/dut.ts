/** The ports of a design as typed handles: `dut.in.valid.set(1)`, `dut.result.get()`, for any engine. */
import {
  handles,
  type InputPort,
  type Interface,
  type OutputPort,
  type SinkPort,
  type SourcePort,
} from '../gen/interface.ts';
import {
  type Bits,
  type bit,
  codeOf,
  type Enumeration,
  type Fixed,
  isLeaf,
  isVector,
  joinName,
  type LeafShape,
  type RecordShape,
  type Shape,
  type Vector,
} from '../gen/shape.ts';
import type { Constant } from '../gen/value.ts';
import { type Engine, type PortHandle, SimProblem } from './engine.ts';

/** A value as test benches see it: whole numbers as bigints, fixed-point ones as numbers, states by name. */
export type Sample<T extends Shape> = T extends Bits
  ? bigint
  : T extends Fixed
    ? number
    : T extends Enumeration<infer N>
      ? N
      : T extends Vector<infer E>
        ? readonly Sample<E>[]
        : T extends RecordShape
          ? { readonly [K in keyof T]: Sample<T[K]> }
          : never;

/** What can be read. */
export interface Probe<T extends Shape> {
  get(): Sample<T>;
}
/** What can be read and set. Numbers outside the range of their type are refused. */
export interface Pin<T extends Shape> extends Probe<T> {
  set(value: Constant<T>): void;
}

type Flag = typeof bit;

/** The handles of a design, by its interface: a wrong name is an error of TypeScript. */
export type Dut<I extends Interface> = {
  readonly [P in keyof I]: I[P] extends InputPort<infer T>
    ? Pin<T>
    : I[P] extends OutputPort<infer T>
      ? Probe<T>
      : I[P] extends SinkPort<infer T>
        ? { readonly valid: Pin<Flag>; readonly ready: Probe<Flag>; readonly payload: Pin<T> }
        : I[P] extends SourcePort<infer T>
          ? { readonly valid: Probe<Flag>; readonly ready: Pin<Flag>; readonly payload: Probe<T> }
          : never;
};

/** Handles of all ports of `engine`, which runs a design of this interface. */
export function openDut<I extends Interface>(ports: I, engine: Engine): Dut<I> {
  return handles(ports, ({ name, shape }): Pin<Shape> => pin(engine, name, shape)) as Dut<I>;
}

function pin(engine: Engine, name: string, shape: Shape): Pin<Shape> {
  const leaves = new Map<string, PortHandle>();
  walk(shape, name, (leaf) => void leaves.set(leaf, engine.handle(leaf)));
  return {
    get: () => decode(shape, name, (leaf) => leaves.get(leaf)!.get()) as Sample<Shape>,
    set: (value) => encode(shape, name, value, (leaf, code) => leaves.get(leaf)!.set(code)),
  };
}

function walk(shape: Shape, name: string, visit: (leaf: string) => void): void {
  if (isLeaf(shape)) visit(name);
  else for (const [part, inner] of partsOf(shape)) walk(inner, joinName(name, part), visit);
}

const partsOf = (shape: Vector | RecordShape): readonly (readonly [string, Shape])[] =>
  isVector(shape) ? Array.from({ length: shape.length }, (_, i) => [`${i}`, shape.of]) : Object.entries(shape);

/** The value whose leaves have these codes; `name` is that of the port, which names of leaves begin with. */
export function decode(shape: Shape, name: string, code: (leaf: string) => bigint): unknown {
  if (isLeaf(shape)) return meaning(shape, code(name));
  const parts = partsOf(shape).map(([part, inner]) => [part, decode(inner, joinName(name, part), code)] as const);
  return isVector(shape) ? parts.map(([, value]) => value) : Object.fromEntries(parts);
}

/** Gives the code of every leaf of a value. */
export function encode(shape: Shape, name: string, value: unknown, put: (leaf: string, code: bigint) => void): void {
  if (isLeaf(shape)) {
    put(name, codeFor(shape, name, value));
    return;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const known = partsOf(shape).map(([part]) => part);
  const given = typeof fields === 'object' && fields !== null ? Object.keys(fields) : [];
  if (given.sort().join() !== [...known].sort().join())
    throw wrongValue(name, `a value with the parts ${known.join(', ')}`, given.join(', ') || String(value));
  for (const [part, inner] of partsOf(shape)) encode(inner, joinName(name, part), fields[part], put);
}

function meaning(type: LeafShape, code: bigint): bigint | number | string {
  if (type.kind === 'bits') return code;
  if (type.kind === 'fixed') return Number(code) / 2 ** type.fraction;
  const state = type.states.findIndex((_, i) => codeOf(type, i) === code);
  return type.states[state] ?? `(code ${code})`;
}

function codeFor(type: LeafShape, name: string, value: unknown): bigint {
  if (type.kind === 'enumeration') {
    const state = type.states.indexOf(value as string);
    if (state < 0) throw wrongValue(name, `one of ${type.states.join(', ')}`, String(value));
    return codeOf(type, state);
  }
  const scaled = type.kind === 'fixed' ? Number(value) * 2 ** type.fraction : value;
  const whole = typeof scaled === 'bigint' || Number.isSafeInteger(scaled);
  const [low, high] = type.signed
    ? [-(2n ** BigInt(type.width - 1)), 2n ** BigInt(type.width - 1) - 1n]
    : [0n, 2n ** BigInt(type.width) - 1n];
  const code = whole ? BigInt(scaled as bigint | number) : undefined;
  if (code !== undefined && code >= low && code <= high) return code;
  const unit = type.kind === 'fixed' ? ` in units of 2^-${type.fraction}` : '';
  throw wrongValue(name, `a whole number from ${low} to ${high}${unit}`, String(value));
}

const wrongValue = (port: string, expected: string, found: string): SimProblem =>
  new SimProblem({
    id: 'port-value',
    what: `${port} cannot take this value`,
    where: `port ${port}`,
    expected,
    found,
    remedy: 'correct the value, or the type of the port',
  });
