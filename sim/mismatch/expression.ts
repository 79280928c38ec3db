/** The logic between named signals, as text, with the signals it reads and the bits of them that matter. */
import { type Node, type NodeOf, operandsOf, type Tag } from '../../gen/ir.ts';
import { driverOf, type Place, type Scope } from '../../gen/passes/scopes.ts';
import { denote } from '../reference.ts';

/** A bit mask; of a value's bits, those that are asked about. */
type Mask = bigint;

export const ones = (width: number): Mask => (1n << BigInt(width)) - 1n;

/** A named signal that an expression reads. */
export interface Reading {
  readonly place: Place;
  readonly bits: Mask;
}

export interface Expression {
  readonly text: string;
  readonly reads: readonly Reading[];
}

export const nameOfNode = ({ module }: Scope, node: Node): string | undefined =>
  module.names.get(node) ?? (node.tag === 'input' ? node.port : undefined);

/** The signal's hierarchical name; undefined for an expression. */
export const pathOf = ({ scope, node }: Place): string | undefined => {
  const name = nameOfNode(scope, node);
  return name === undefined ? undefined : scope.prefix + name;
};

/** Where a value comes from: nets that only pass on another signal are left behind. */
export function origin(place: Place): Place {
  let at = place;
  for (let from = driverOf(at); from !== undefined; from = driverOf(at)) {
    const named = pathOf(from) !== undefined || driverOf(from) !== undefined;
    if (!named && pathOf(at) !== undefined) return at;
    at = from;
  }
  return at;
}

/** Levels of logic between two names that are shown, and that are computed. */
const shownDepth = 6;
const computedDepth = 12;

/** The value of a place in a cycle: looked up by path, or computed from what has a name; undefined where it is not known. */
export function evaluate(place: Place, lookUp: LookUp, depth = 0): bigint | undefined {
  const at = origin(place);
  const path = pathOf(at);
  if (path !== undefined) return lookUp(path);
  const { scope, node } = at;
  if (depth > computedDepth || node.tag === 'reg' || node.tag === 'read') return undefined;
  const values = new Map<Node, bigint>();
  for (const o of operandsOf(node)) {
    const value = evaluate({ scope, node: o }, lookUp, depth + 1);
    if (value === undefined) return undefined;
    values.set(o, value);
  }
  return denote(node, (o) => values.get(o)!);
}

/** Wanted bits of each operand, by the wanted bits of the node. */
type Needs = { readonly [T in Tag]?: (node: NodeOf<T>, bits: Mask) => readonly Mask[] };
const upTo = (bits: Mask): Mask => ones(bits.toString(2).length);
const sameBits = (node: Node, bits: Mask): readonly Mask[] => operandsOf(node).map(() => bits);
const lowBits = (node: Node, bits: Mask): readonly Mask[] => operandsOf(node).map((o) => upTo(bits) & ones(o.width));
const needs: Needs = {
  not: sameBits,
  and: sameBits,
  or: sameBits,
  xor: sameBits,
  add: lowBits,
  sub: lowBits,
  mul: lowBits,
  mux: (_, bits) => [1n, bits, bits],
  slice: (n, bits) => [bits << BigInt(n.low)],
  resize: (n, bits) => {
    const above = bits >> BigInt(n.a.width) !== 0n && n.a.signed;
    return [(bits & ones(n.a.width)) | (above ? 1n << BigInt(n.a.width - 1) : 0n)];
  },
  cat: (n, bits) => {
    let low = n.width;
    return n.parts.map((p) => {
      low -= p.width;
      return (bits >> BigInt(low)) & ones(p.width);
    });
  },
};
const bitsNeeded = (node: Node, bits: Mask): readonly Mask[] =>
  (needs[node.tag] as ((n: Node, b: Mask) => readonly Mask[]) | undefined)?.(node, bits) ??
  operandsOf(node).map((o) => ones(o.width));

const infix: { readonly [T in Tag]?: string } = {
  ...{ add: '+', sub: '-', mul: '*', and: '&', or: '|', xor: '^', eq: '==', lt: '<', shl: '<<', shr: '>>' },
};

function textOf(node: Node, parts: readonly string[]): string {
  const [a, b, c] = parts;
  const operator = infix[node.tag];
  if (operator !== undefined) return `(${a} ${operator} ${b})`;
  if (node.tag === 'mux') return `(${a} ? ${b} : ${c})`;
  if (node.tag === 'not') return `~${a}`;
  if (node.tag === 'slice') return `${a}[${node.width === 1 ? '' : `${node.low + node.width - 1}:`}${node.low}]`;
  if (node.tag === 'resize') return node.width < node.a.width ? `${a}[${node.width - 1}:0]` : a!;
  if (node.tag === 'cat') return `{${parts.join(', ')}}`;
  if (node.tag === 'const') return `${node.value}`;
  return parts.length === 0 ? node.tag : `${node.tag}(${parts.join(', ')})`;
}

type LookUp = (path: string) => bigint | undefined;

/** Writes expressions as `home` would, and notes what they read. */
function writer(home: Scope, lookUp: LookUp) {
  const reads: Reading[] = [];
  const mention = (place: Place, bits: Mask, depth: number): string => {
    const from = origin(place);
    const path = pathOf(from);
    if (path === undefined) return write(from, bits, depth);
    reads.push({ place: from, bits });
    return from.scope === home ? path.slice(home.prefix.length) : path;
  };
  const write = ({ scope, node }: Place, bits: Mask, depth: number): string => {
    if (depth > shownDepth) return '…';
    const masks = bitsNeeded(node, bits);
    const select = node.tag === 'mux' ? evaluate({ scope, node: node.select }, lookUp) : undefined;
    const parts = operandsOf(node).map((o, i) => {
      const skipped = select !== undefined && i === (select === 1n ? 2 : 1);
      return masks[i] === 0n || skipped ? '…' : mention({ scope, node: o }, masks[i]!, depth + 1);
    });
    return textOf(node, parts);
  };
  return { reads, mention, write };
}

/**
 * A value as an expression of named signals, or as the name it has itself. Bits that do not matter are followed no further
 * (`…`), nor are the arms of muxes that `lookUp` says were not taken.
 */
export function mentionOf(place: Place, bits: Mask, lookUp: LookUp): Expression {
  const w = writer(place.scope, lookUp);
  return { text: w.mention(place, bits, 0), reads: w.reads };
}

/** The expression that gives a named value, which is neither state nor an input, in the same way. */
export function driverText(place: Place, bits: Mask, lookUp: LookUp): Expression & { readonly root: Node } {
  const from = driverOf(place) ?? place;
  const w = writer(from.scope, lookUp);
  return { text: w.write(from, bits, 0), reads: w.reads, root: from.node };
}
