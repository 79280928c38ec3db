/** Making what a module body holds in its hands: a handle for each leaf, in the form of the shape, to read and to assign. */

import type { Diagnostic } from './diagnostic.ts';
import { EnumSignal } from './enumeration.ts';
import type { NodeFactory } from './factory.ts';
import { nodesOf } from './fitting.ts';
import { FixedSignal } from './fixed.ts';
import type { Node } from './ir.ts';
import type { Location } from './location.ts';
import { isLeaf, type LeafShape, partsOf, type Shape, showShape } from './shape.ts';
import { Signal } from './signal.ts';
import { build, type Drivable, type Leaf, leavesOf, type Readable, type RegisterHandle } from './value.ts';

/** A node read as a leaf of the given type. */
export function leaf(module: NodeFactory, node: Node, type: LeafShape): Leaf {
  switch (type.kind) {
    case 'bits':
      return new Signal(module, node);
    case 'fixed':
      return new FixedSignal(module, node, type.fraction);
    case 'enumeration':
      return new EnumSignal(module, node, type);
  }
}

/** Makes the node of one leaf. */
type MakeNode = (type: LeafShape, name: string) => Node;

export const readable = <T extends Shape>(module: NodeFactory, shape: T, name: string, make: MakeNode): Readable<T> =>
  build(shape, name, (type, at) => leaf(module, make(type, at), type)) as Readable<T>;

interface Assignable<T extends Shape> {
  readonly shape: T;
  readonly name: string;
  /** What stands before the name in messages, e.g. `register `. */
  readonly what: string;
  readonly make: MakeNode;
  readonly location: Location;
}

/** Nets: every part has `.drive`. */
export const drivable = <T extends Shape>(module: NodeFactory, parts: Assignable<T>): Drivable<T> =>
  assignable(module, parts, 'drive') as Drivable<T>;

/** Registers: every part has `.next`. */
export const held = <T extends Shape>(module: NodeFactory, parts: Assignable<T>): RegisterHandle<T> =>
  assignable(module, parts, 'next') as RegisterHandle<T>;

function assignable(module: NodeFactory, parts: Assignable<Shape>, method: 'drive' | 'next'): unknown {
  const { shape, name, what, make, location } = parts;
  const attach = (part: unknown, type: Shape, at: string): void => {
    const targets = leavesOf(part);
    const assign = (value: unknown): void => {
      const here = module.locate(assign);
      const nodes = nodesOf(module, type, value, `${what}${at}`, here);
      for (const [i, { node }] of targets.entries()) module.assign(node, nodes?.[i] ?? node, here);
    };
    if (!isLeaf(type) && partsOf(type).some(([field]) => field === method))
      module.report(fieldName(method, type, location));
    Object.defineProperty(part, method, { value: assign });
  };
  return build(shape, name, (type, at) => leaf(module, make(type, at), type), attach);
}

const fieldName = (field: string, shape: Shape, location: Location): Diagnostic => ({
  id: 'field-name',
  what: `a field of a record that is assigned cannot be called ${field}`,
  location,
  expected: `names other than the handle's own .${field}`,
  found: showShape(shape),
  remedy: 'choose another name for the field',
});
