/**
 * Shapes: what a value is, as data. A leaf is one vector of bits (an integer, a fixed-point number, an enumeration);
 * vectors and records are made of leaves, to any depth. Ports, wires, registers, memory words and stream payloads all take
 * any shape. A leaf's name is its path: field `x` of element 0 of port `p` is `p_0_x`.
 */
import { DesignError, type Diagnostic } from './diagnostic.ts';
import { type BitType, bitsFor, type Display } from './ir.ts';
import { Location } from './location.ts';

export type Sign = 'unsigned' | 'signed';

/** An integer. */
export interface Bits<S extends Sign = Sign> extends BitType {
  readonly kind: 'bits';
  readonly sign: S;
}

/** A number in units of 2^-fraction; `width` bits in all, the sign included. */
export interface Fixed<S extends Sign = Sign> extends BitType {
  readonly kind: 'fixed';
  readonly sign: S;
  readonly fraction: number;
}

const encodings = ['binary', 'one-hot', 'gray'] as const;
export type Encoding = (typeof encodings)[number];

/** One of several named states. */
export interface Enumeration<N extends string = string> extends BitType {
  readonly kind: 'enumeration';
  readonly name: string;
  readonly states: readonly N[];
  readonly encoding: Encoding;
}

export type LeafShape = Bits | Fixed | Enumeration;

/** `length` values of one shape, the first in the low bits. */
export interface Vector<T extends Shape = Shape> {
  readonly kind: 'vector';
  readonly of: T;
  readonly length: number;
}

/** Named fields, the first in the low bits. */
export interface RecordShape {
  readonly [field: string]: Shape;
}

export type Shape = LeafShape | Vector | RecordShape;

/** The widest leaf that there is: wider than any tool takes. */
export const widest = 2 ** 20;

export const isWidth = (width: number): boolean => Number.isInteger(width) && width >= 1 && width <= widest;

function checkWidth(width: number, below: Below): number {
  if (isWidth(width)) return width;
  return refuse(below, {
    id: 'type-width',
    what: `there is no type ${below.name}(${width})`,
    expected: `a whole number of bits from 1 to ${widest}`,
    found: `${width}`,
    remedy: 'correct the width; an address of n words has addressWidth(n) bits, a count up to n has bitsFor(n)',
  });
}

/** Unsigned integer of `width` bits. */
export function uint(width: number): Bits<'unsigned'> {
  return { kind: 'bits', sign: 'unsigned', width: checkWidth(width, uint), signed: false };
}
/** Two's complement integer of `width` bits. */
export function sint(width: number): Bits<'signed'> {
  return { kind: 'bits', sign: 'signed', width: checkWidth(width, sint), signed: true };
}
/** One bit. */
export const bit: Bits<'unsigned'> = uint(1);

/**
 * Unsigned fixed point: 0 to 2^integerBits - 2^-fractionBits in steps of 2^-fractionBits. Either count may be negative:
 * `ufixed(10, -2)` counts in fours, `ufixed(-2, 10)` stays below 1/4. Throws when there is no bit left.
 */
export function ufixed(integerBits: number, fractionBits: number): Fixed<'unsigned'> {
  return fixedShape('unsigned', integerBits, fractionBits, ufixed);
}
/**
 * Two's complement fixed point: -2^(integerBits - 1) to 2^(integerBits - 1) - 2^-fractionBits; the sign is one of the
 * integer bits, as in `ap_fixed<integerBits + fractionBits, integerBits>`. Throws when there is no bit left.
 */
export function sfixed(integerBits: number, fractionBits: number): Fixed<'signed'> {
  return fixedShape('signed', integerBits, fractionBits, sfixed);
}

function fixedShape<S extends Sign>(sign: S, integer: number, fraction: number, below: Below): Fixed<S> {
  const width = integer + fraction;
  if (!Number.isInteger(integer) || !Number.isInteger(fraction) || !isWidth(width))
    refuse(below, {
      id: 'shape-parameter',
      what: 'a fixed-point type needs bits',
      expected: `whole numbers of integer and fraction bits that add up to 1 to ${widest}`,
      found: `${integer} and ${fraction}`,
      remedy: 'correct one of them; either may be negative',
    });
  return { kind: 'fixed', sign, width, signed: sign === 'signed', fraction };
}

/**
 * One of the named states. `binary` numbers them from 0; `gray` too, neighbours differing in one bit; `one-hot` has one bit
 * per state, the first state the lowest. Codes that no state has can only come from outside (a port, a memory, `fromBits`):
 * `isValid` tells. Throws for no states, or one named twice.
 */
export function enumeration<const N extends string>(
  name: string,
  states: readonly [N, ...N[]],
  options: { readonly encoding?: Encoding } = {},
): Enumeration<N> {
  const { encoding = 'binary' } = options;
  if (states.length === 0 || new Set(states).size !== states.length)
    refuse(enumeration, {
      id: 'shape-parameter',
      what: `the states of ${name} must be told apart`,
      expected: 'one or more different names',
      found: states.join(', ') || 'none',
      remedy: 'name every state once',
    });
  if (!encodings.includes(encoding))
    refuse(enumeration, {
      id: 'shape-parameter',
      what: `${name} has no encoding ${encoding}`,
      expected: `one of ${encodings.join(', ')}`,
      found: `${encoding}`,
      remedy: 'correct the name',
    });
  const width = encoding === 'one-hot' ? states.length : bitsFor(BigInt(states.length - 1));
  return { kind: 'enumeration', name, states, encoding, width, signed: false };
}

/** `length` values of one shape. Throws for lengths other than whole numbers of 1 or more. */
export function vector<const T extends Shape>(of: T, length: number): Vector<T> {
  if (!Number.isInteger(length) || length < 1)
    refuse(vector, {
      id: 'shape-parameter',
      what: 'a vector needs elements',
      expected: 'a whole number of 1 or more',
      found: `${length}`,
      remedy: 'correct the length',
    });
  return { kind: 'vector', of, length };
}

type Below = (...args: never[]) => unknown;

function refuse(below: Below, mistake: Omit<Diagnostic, 'location'>): never {
  throw new DesignError(below.name, [{ ...mistake, location: Location.capture(below) }]);
}

/** The bits that stand for state number `index`. */
export function codeOf({ encoding }: Enumeration, index: number): bigint {
  const i = BigInt(index);
  return { binary: i, 'one-hot': 1n << i, gray: i ^ (i >> 1n) }[encoding];
}

/** How the codes of an enumeration read in a comment: `mode: 0 idle, 1 run`. */
export const showCodes = (e: Enumeration): string =>
  `${e.name}${e.encoding === 'binary' ? '' : ` (${e.encoding})`}: ${e.states.map((s, i) => `${codeOf(e, i)} ${s}`).join(', ')}`;

/** What a viewer needs to show a leaf's value; undefined for plain integers. */
export function displayOf(type: LeafShape): Display | undefined {
  if (type.kind === 'fixed') return { kind: 'fixed', fraction: type.fraction };
  if (type.kind === 'bits') return undefined;
  const { name, states } = type;
  return { kind: 'enumeration', name, states: states.map((state, i) => [`${codeOf(type, i)}`, state]) };
}

export const isLeaf = (shape: Shape): shape is LeafShape => typeof shape.kind === 'string' && shape.kind !== 'vector';
export const isVector = (shape: Shape): shape is Vector => shape.kind === 'vector';

/** The parts of a shape that is no leaf, by the name that each adds to the path. */
export const partsOf = (shape: Vector | RecordShape): readonly (readonly [part: string, shape: Shape])[] =>
  isVector(shape) ? Array.from({ length: shape.length }, (_, i) => [`${i}`, shape.of]) : Object.entries(shape);

export const joinName = (name: string, part: string): string => (name === '' ? part : `${name}_${part}`);

/** Names and types of the leaves, in order, the first in the low bits; the name of a lone leaf is empty. */
export function leafShapes(shape: Shape, name = ''): readonly (readonly [name: string, type: LeafShape])[] {
  if (isLeaf(shape)) return [[name, shape]];
  return partsOf(shape).flatMap(([part, inner]) => leafShapes(inner, joinName(name, part)));
}

/** Bits of all leaves together. */
export const widthOf = (shape: Shape): number => leafShapes(shape).reduce((sum, [, type]) => sum + type.width, 0);

/** Whether two leaves have one type. */
export function sameLeaf(a: LeafShape, b: LeafShape): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.width !== b.width || a.signed !== b.signed) return false;
  if (a.kind === 'fixed') return a.fraction === (b as Fixed).fraction;
  return a.kind === 'bits' || showCodes(a) === showCodes(b as Enumeration);
}

export function showShape(shape: Shape): string {
  if (isVector(shape)) return `vector(${showShape(shape.of)}, ${shape.length})`;
  if (!isLeaf(shape)) {
    const fields = Object.entries(shape).map(([field, inner]) => `${field}: ${showShape(inner)}`);
    return `{ ${fields.join(', ')} }`;
  }
  if (shape.kind === 'bits') return showType(shape);
  if (shape.kind === 'fixed')
    return `${shape.signed ? 'sfixed' : 'ufixed'}(${shape.width - shape.fraction}, ${shape.fraction})`;
  return `enumeration ${shape.name} of ${shape.states.join(', ')}`;
}

export const showType = (t: BitType): string => `${t.signed ? 'sint' : 'uint'}(${t.width})`;
