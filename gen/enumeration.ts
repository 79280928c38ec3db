/** Values that are one of several named states. */

import type { NodeFactory } from './factory.ts';
import { nodesOf } from './fitting.ts';
import type { Node } from './ir.ts';
import { codeOfLiteral, literal } from './literal.ts';
import { bit, codeOf, type Enumeration } from './shape.ts';
import { Signal, type UInt } from './signal.ts';
import { Leaf } from './value.ts';

/** A value of an enumeration; only values of the same enumeration meet. */
export class EnumSignal<N extends string = string> extends Leaf<Enumeration<N>> {
  readonly type: Enumeration<N>;

  constructor(module: NodeFactory, node: Node, type: Enumeration<N>) {
    super(module, node);
    this.type = type;
  }
  like(node: Node): EnumSignal<N> {
    return new EnumSignal(this.module, node, this.type);
  }

  /** The bits of the code. */
  get code(): UInt {
    return new Signal<'unsigned'>(this.module, this.node);
  }

  /** 1 in this state. One-hot: looks at this state's bit only. */
  is(state: N): UInt {
    const at = this.module.locate(this.is);
    const { module, type, node } = this;
    const code = codeOfLiteral(module, type, state, 'a state to compare with', at) ?? codeOf(type, 0);
    if (type.encoding !== 'one-hot') return equal(this, literal(module, code, type, at));
    if (type.width === 1) return this.code;
    const low = code.toString(2).length - 1;
    return new Signal(module, module.create({ tag: 'slice', width: 1, signed: false, a: node, low }, at));
  }
  /** 1 when both are in the same state. */
  eq(other: EnumSignal<N>): UInt {
    const at = this.module.locate(this.eq);
    const [b] = nodesOf(this.module, this.type, other, 'the second operand of eq', at)!;
    return equal(this, b!);
  }
  ne(other: EnumSignal<N>): UInt {
    return this.eq(other).not();
  }
  /** 1 when the code is that of a state; others can only come from outside the module. */
  isValid(): UInt {
    return this.module.located(() => validCode(this), this.isValid);
  }
}

function validCode(value: EnumSignal): UInt {
  const { module, type, node, code } = value;
  const count = type.states.length;
  if (type.encoding === 'one-hot') return code.popcount().eq(1);
  if (count === 2 ** type.width) return new Signal(module, literal(module, 1n, bit, node.location));
  if (type.encoding === 'binary') return code.le(count - 1);
  return type.states.map((state) => value.is(state)).reduce((some, one) => some.or(one));
}

function equal({ module, node: a }: EnumSignal, b: Node): UInt {
  return new Signal(module, module.create({ tag: 'eq', width: 1, signed: false, a, b }, b.location));
}
