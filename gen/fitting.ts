/** Values given by the user where a shape is wanted: matched part by part, then leaf by leaf; nothing is converted. */
import type { Diagnostic } from './diagnostic.ts';
import type { NodeFactory } from './factory.ts';
import type { Node } from './ir.ts';
import { codeOfLiteral, fits, literal, notOfShape, showFound, wholeNumber } from './literal.ts';
import type { Location } from './location.ts';
import { conversion, showMade } from './mistakes.ts';
import { isLeaf, joinName, type LeafShape, partsOf, type Shape, sameLeaf, showShape } from './shape.ts';
import { Leaf } from './value.ts';

/** A place where a value is wanted, in words, e.g. `register count`. */
export type Place = string;

/** What was given for one leaf. */
interface Given {
  readonly type: LeafShape;
  readonly place: Place;
  readonly value: unknown;
}

/** What `value` gives for every leaf of `shape`, in order; undefined, and reported, when it has another form. */
function match(
  module: NodeFactory,
  shape: Shape,
  value: unknown,
  place: Place,
  at: Location,
): readonly Given[] | undefined {
  if (isLeaf(shape)) return [{ type: shape, place, value }];
  const parts = partsOf(shape);
  const given = value !== null && typeof value === 'object' && !(value instanceof Leaf) ? value : {};
  const found = new Map(Object.entries(given));
  const missing = parts.filter(([part]) => !found.has(part)).map(([part]) => part);
  const more = [...found.keys()].filter((part) => !parts.some(([name]) => name === part));
  if (missing.length > 0 || more.length > 0) {
    module.report(wrongParts(shape, value, place, missing, more, at));
    return undefined;
  }
  const inner = parts.map(([part, s]) => match(module, s, found.get(part), joinName(place, part), at));
  return inner.every((g) => g !== undefined) ? inner.flat() : undefined;
}

function wrongParts(
  shape: Shape,
  value: unknown,
  place: Place,
  missing: readonly string[],
  more: readonly string[],
  location: Location,
): Diagnostic {
  const lists = [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...(more.length > 0 ? [`with ${more.join(', ')} besides`] : []),
  ];
  const found = value instanceof Leaf ? showShape(value.type) : `${showFound(value)}, ${lists.join(' and ')}`;
  return {
    ...notOfShape(showShape(shape), value),
    what: `${place} is given a value of another shape`,
    found,
    location,
  };
}

/** The nodes of `value`, one per leaf of `shape`; where it does not fit it is reported and a zero stands for it. */
export function nodesOf(
  module: NodeFactory,
  shape: Shape,
  value: unknown,
  place: Place,
  at: Location,
): readonly Node[] | undefined {
  return match(module, shape, value, place, at)?.map((given) => fitLeaf(module, given, at));
}

/**
 * The integers that stand for a constant, one per leaf; undefined where it does not fit, which is reported: `misfit` says
 * it of an integer.
 */
export function constants(
  module: NodeFactory,
  shape: Shape,
  value: unknown,
  place: string,
  at: Location,
  misfit: (place: string, type: LeafShape, found: string) => Diagnostic,
): readonly (bigint | undefined)[] {
  const given = match(module, shape, value, place, at) ?? [];
  return given.map((g) => {
    if (g.type.kind !== 'bits') return codeOfLiteral(module, g.type, g.value, g.place, at);
    if (fits(g.value, g.type)) return BigInt(g.value as number);
    module.report(misfit(g.place.replace(/^.* /, ''), g.type, showFound(g.value)));
    return undefined;
  });
}

function fitLeaf(module: NodeFactory, { type, place, value }: Given, at: Location): Node {
  if (value instanceof Leaf) {
    if (sameLeaf(value.type, type)) return value.node;
    module.report(wrongLeaf(place, type, value, at));
    return literal(module, 0n, type, at);
  }
  if (type.kind === 'bits') return literal(module, wholeNumber(module, value, at), type, at);
  return literal(module, codeOfLiteral(module, type, value, place, at) ?? 0n, type, at);
}

/** A handle of another type. */
export function wrongLeaf(place: Place, expected: LeafShape, value: Leaf, location: Location): Diagnostic {
  const found = value.type;
  const both = (kind: LeafShape['kind']): boolean => expected.kind === kind && found.kind === kind;
  const integers = expected.signed === found.signed ? 'width-mismatch' : 'sign-mismatch';
  const id = both('bits') ? integers : both('fixed') ? 'binary-point' : 'wrong-shape';
  const remedies = {
    'binary-point': 'use .ext to widen without loss, or .quantize, which names the rounding and the overflow',
    'wrong-shape': 'give a value of this shape; fromBits reads bits as any shape of their width',
  };
  return {
    id,
    what: `${place} has the wrong type`,
    location,
    expected: showShape(expected),
    found: showMade(showShape(found), value.node.location, location),
    remedy: id === 'binary-point' || id === 'wrong-shape' ? remedies[id] : conversion(found, expected),
  };
}
