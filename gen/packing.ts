/** Values of any shape as one word of bits, and back. */

import type { NodeFactory } from './factory.ts';
import { nodesOf } from './fitting.ts';
import { leaf } from './handles.ts';
import type { Node } from './ir.ts';
import type { Location } from './location.ts';
import { wrongType } from './mistakes.ts';
import { type Shape, showShape, uint, widthOf } from './shape.ts';
import { Signal, type UInt } from './signal.ts';
import { build, leavesOf, type Readable, type Shapely, shapeOf, type Value } from './value.ts';

/** The bits of all leaves in one word, the first leaf in the low bits. */
export function toBits<T extends Shape>(value: Shapely<T>): UInt {
  const leaves = leavesOf(value);
  const { module } = leaves[0]!;
  const nodes = leaves.map((l) => l.node);
  return new Signal<'unsigned'>(module, joinBits(module, nodes, module.locate(toBits)));
}

/** Nodes side by side in one unsigned node, the first in the low bits. */
export function joinBits(module: NodeFactory, nodes: readonly Node[], at: Location): Node {
  const [first] = nodes as [Node];
  if (nodes.length > 1) {
    const width = nodes.reduce((sum, n) => sum + n.width, 0);
    return module.create({ tag: 'cat', width, signed: false, parts: [...nodes].reverse() }, at);
  }
  return first.signed ? module.create({ tag: 'resize', width: first.width, signed: false, a: first }, at) : first;
}

/** A word read as a value of `shape`: what `toBits` made it of. */
export function fromBits<T extends Shape>(shape: T, word: UInt): Readable<T> {
  const { module } = word;
  return module.located(() => {
    const width = widthOf(shape);
    const fits = word.width === width;
    if (!fits)
      module.report(wrongType(`the word for ${showShape(shape)}`, uint(width), word.node, module.locate(fromBits)));
    const bits = fits ? word : word.ext(Math.max(word.width, width)).trunc(width);
    let low = 0;
    return build(shape, '', (type) => {
      const part = bits.slice(low + type.width - 1, low);
      low += type.width;
      return leaf(module, (type.signed ? part.asSigned() : part).node, type);
    }) as Readable<T>;
  }, fromBits);
}

/** 1 when two values of one shape are equal in every bit. */
export function equal<T extends Shape>(a: Shapely<T>, b: Value<T>): UInt {
  const bits = toBits(a);
  const { module } = bits;
  return module.located(() => {
    const at = module.locate(equal);
    const nodes = nodesOf(module, shapeOf(a), b, 'the second operand of equal', at);
    return nodes === undefined ? bits.any() : bits.eq(new Signal<'unsigned'>(module, joinBits(module, nodes, at)));
  }, equal);
}
