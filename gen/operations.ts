/**
 * The nodes of operators: types are checked, results have the width that makes them exact. A mistake is reported, and a value
 * of the right type stands for what is wrong, so that the rest of the body can be checked too.
 */
import type { NodeFactory } from './factory.ts';
import type { BitType, Node } from './ir.ts';
import { literal } from './literal.ts';
import type { Location } from './location.ts';
import { bit, isWidth, showType } from './shape.ts';

const bits = (t: BitType): BitType => ({ width: t.width, signed: t.signed });

function sameType(module: NodeFactory, a: BitType, b: BitType, op: string, location: Location): boolean {
  if (a.width === b.width && a.signed === b.signed) return true;
  module.report({
    id: a.signed === b.signed ? 'width-mismatch' : 'sign-mismatch',
    what: `the operands of ${op} differ in type`,
    location,
    expected: `two values of one type, as the first: ${showType(a)}`,
    found: `${showType(a)} and ${showType(b)}`,
    remedy: a.signed === b.signed ? 'widen the narrower with .ext, or narrow the wider with .trunc' : 'use .toSigned()',
  });
  return false;
}

const growth = {
  add: (a: Node, b: Node): BitType => ({ width: Math.max(a.width, b.width) + 1, signed: a.signed }),
  sub: (a: Node, b: Node): BitType => ({ width: Math.max(a.width, b.width) + 1, signed: true }),
  mul: (a: Node, b: Node): BitType => ({ width: a.width + b.width, signed: a.signed }),
};
export type Arithmetic = keyof typeof growth;

/** The exact sum, difference or product of two values of one sign. */
export function arithmetic(module: NodeFactory, tag: Arithmetic, a: Node, other: Node, at: Location): Node {
  const fits = a.signed === other.signed || sameType(module, a, other, tag, at);
  const b = fits ? other : literal(module, 0n, a, at);
  return module.create({ tag, ...growth[tag](a, b), a, b }, at);
}

/** Bit by bit, of two values of one type. */
export function bitwise(module: NodeFactory, tag: 'and' | 'or' | 'xor', a: Node, other: Node, at: Location): Node {
  const b = sameType(module, a, other, tag, at) ? other : literal(module, 0n, a, at);
  return module.create({ tag, ...bits(a), a, b }, at);
}

/** One bit: `a` equals `b`, or is less. */
export function compare(module: NodeFactory, tag: 'eq' | 'lt', a: Node, other: Node, at: Location): Node {
  const b = sameType(module, a, other, tag, at) ? other : literal(module, 0n, a, at);
  if (tag === 'lt' && (isLimit(a, 'high') || isLimit(b, 'low'))) return literal(module, 0n, bit, at);
  return module.create({ tag, width: 1, signed: false, a, b }, at);
}

/** A constant at the end of its type's range: nothing is above or below it, which linters complain about when compared. */
function isLimit(n: Node, end: 'low' | 'high'): boolean {
  if (n.tag !== 'const') return false;
  const half = 1n << BigInt(n.width - 1);
  if (end === 'low') return n.value === (n.signed ? -half : 0n);
  return n.value === (n.signed ? half - 1n : 2n * half - 1n);
}

/** The inverse of one bit. */
export function invert(module: NodeFactory, a: Node): Node {
  if (a.tag === 'const') return literal(module, 1n - a.value, bit, a.location);
  return module.create({ tag: 'not', width: 1, signed: false, a }, a.location);
}

/** Bits `high` down to `low`. */
export function part(module: NodeFactory, a: Node, high: number, low: number, at: Location): Node {
  if (!Number.isInteger(low) || !Number.isInteger(high) || low < 0 || high < low || high >= a.width) {
    module.report({
      id: 'slice-range',
      what: `bits ${high} down to ${low} do not exist`,
      location: at,
      expected: `0 <= low <= high <= ${a.width - 1}`,
      found: `high ${high}, low ${low} of ${showType(a)}`,
      remedy: 'correct the bounds; .ext widens the value first',
    });
    const asked = high - low + 1;
    return module.create({ tag: 'const', width: isWidth(asked) ? asked : 1, signed: false, value: 0n }, at);
  }
  if (low === 0 && high === a.width - 1) return resize(module, a, a.width, false, at);
  return module.create({ tag: 'slice', width: high - low + 1, signed: false, a, low }, at);
}

/** The low bits, or the value extended by its own sign, read as signed or not. */
export function resize(module: NodeFactory, a: Node, width: number, signed: boolean, at: Location): Node {
  if (width === a.width && signed === a.signed) return a;
  return module.create({ tag: 'resize', width, signed, a }, at);
}
