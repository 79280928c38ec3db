/** Values of any shape: a handle per leaf, in arrays and records of the shape's form. */
import type { EnumSignal } from './enumeration.ts';
import type { NodeFactory } from './factory.ts';
import type { FixedSignal } from './fixed.ts';
import type { Node } from './ir.ts';
import {
  type Bits,
  type Enumeration,
  type Fixed,
  isLeaf,
  isVector,
  joinName,
  type LeafShape,
  partsOf,
  type RecordShape,
  type Shape,
  type Vector,
  vector,
} from './shape.ts';
import type { Signal } from './signal.ts';

declare const shapeKey: unique symbol;
/** Carries a value's shape for TypeScript; nothing is there at run time. */
export interface Shaped<T extends Shape> {
  readonly [shapeKey]?: T;
}

/** A leaf: one node of a module, and how to read its bits. */
export abstract class Leaf<T extends LeafShape = LeafShape> implements Shaped<T> {
  declare readonly [shapeKey]?: T;
  readonly module: NodeFactory;
  readonly node: Node;

  constructor(module: NodeFactory, node: Node) {
    this.module = module;
    this.node = node;
  }

  abstract get type(): T;
  /** Another node read in the same way. */
  abstract like(node: Node): Leaf<T>;

  get width(): number {
    return this.node.width;
  }

  /** Gives the value a name in the output. */
  named(name: string): this {
    this.module.name(this.node, name, this.type);
    return this;
  }
}

export type Literal = number | bigint;

/** A value that can be read. */
export type Readable<T extends Shape> = Shaped<T> & ReadableParts<T>;
type ReadableParts<T extends Shape> =
  T extends Bits<infer S>
    ? Signal<S>
    : T extends Fixed<infer S>
      ? FixedSignal<S>
      : T extends Enumeration<infer N>
        ? EnumSignal<N>
        : T extends Vector<infer E>
          ? readonly Readable<E>[]
          : T extends RecordShape
            ? { readonly [K in keyof T]: Readable<T[K]> }
            : never;

/** What may be given where a value of shape `T` is wanted: numbers and state names stand for themselves. */
export type Value<T extends Shape> =
  | Readable<T>
  | (T extends Bits | Fixed
      ? Literal
      : T extends Enumeration<infer N>
        ? N
        : T extends Vector<infer E>
          ? readonly Value<E>[]
          : T extends RecordShape
            ? { readonly [K in keyof T]: Value<T[K]> }
            : never);

/** A value known at elaboration. */
export type Constant<T extends Shape> = T extends Bits | Fixed
  ? Literal
  : T extends Enumeration<infer N>
    ? N
    : T extends Vector<infer E>
      ? readonly Constant<E>[]
      : T extends RecordShape
        ? { readonly [K in keyof T]: Constant<T[K]> }
        : never;

interface Driving<T extends Shape> extends Shaped<T> {
  drive(value: Value<T>): void;
}
/** A value that the surrounding code must drive, as a whole or part by part, exactly once. It can be read too. */
export type Drivable<T extends Shape> = Driving<T> &
  (T extends Vector<infer E>
    ? readonly Drivable<E>[]
    : T extends LeafShape
      ? ReadableParts<T>
      : T extends RecordShape
        ? { readonly [K in keyof T]: Drivable<T[K]> }
        : never);

interface Holding<T extends Shape> extends Shaped<T> {
  next(value: Value<T>): void;
}
/** A register: reads as its present value; `next`, of the whole or of parts, says what it takes at the clock edge. */
export type RegisterHandle<T extends Shape> = Holding<T> &
  (T extends Vector<infer E>
    ? readonly RegisterHandle<E>[]
    : T extends LeafShape
      ? ReadableParts<T>
      : T extends RecordShape
        ? { readonly [K in keyof T]: RegisterHandle<T[K]> }
        : never);

/** A value from which TypeScript finds the shape: a handle, or a record of handles written in place. */
export type Shapely<T extends Shape> = Shaped<T> | { readonly [K in keyof T]: Shaped<T[K] & Shape> };

const entriesOf = (value: unknown): readonly (readonly [part: string, value: unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

/** The leaves of a value, in order. */
export function leavesOf(value: unknown): readonly Leaf[] {
  return value instanceof Leaf ? [value] : entriesOf(value).flatMap(([, part]) => leavesOf(part));
}

/** The shape that a value has. */
export function shapeOf<T extends Shape>(value: Shapely<T>): T {
  return shapeFound(value) as T;
}

function shapeFound(value: unknown): Shape {
  if (value instanceof Leaf) return value.type;
  if (Array.isArray(value)) return vector(shapeFound(value[0]), value.length);
  return Object.fromEntries(entriesOf(value).map(([field, part]) => [field, shapeFound(part)]));
}

/** A value of shape `T`, made leaf by leaf; `finish` sees every part and the whole, parts first. */
export function build<T extends Shape>(
  shape: T,
  name: string,
  make: (type: LeafShape, name: string) => unknown,
  finish: (part: unknown, shape: Shape, name: string) => void = () => {},
): unknown {
  if (isLeaf(shape)) {
    const made = make(shape, name);
    finish(made, shape, name);
    return made;
  }
  const part = (inner: Shape, at: string): unknown => {
    const made = isLeaf(inner) ? make(inner, at) : joined(inner, (p, s) => part(s, joinName(at, p)));
    finish(made, inner, at);
    return made;
  };
  return part(shape, name);
}

function joined(shape: Vector | RecordShape, make: (part: string, shape: Shape) => unknown): unknown {
  const made = partsOf(shape).map(([part, inner]) => [part, make(part, inner)] as const);
  return isVector(shape) ? made.map(([, value]) => value) : Object.fromEntries(made);
}
