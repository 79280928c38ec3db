/** Wrong operators, and right ones with the wrong operands. */

import type { NodeDraft } from '../../gen/factory.ts';
import type { Node, NodeOf, Tag } from '../../gen/ir.ts';
import type { NamedReplacement } from './mutation.ts';

type Create = (draft: NodeDraft) => Node;
type Faults<T extends Tag> = (node: NodeOf<T>) => NamedReplacement[];

/** `value` in the type of `like`. */
function fitted(create: Create, value: Node, { width, signed }: Node): Node {
  if (value.width === width && value.signed === signed) return value;
  return create({ tag: 'resize', width, signed, a: value });
}

const none = (): NamedReplacement[] => [];
const fault = <T extends Tag>(what: string, make: (node: NodeOf<T>, create: Create) => Node): NamedReplacement => [
  what,
  (copy, create) => fitted(create, make(copy as NodeOf<T>, create), copy),
];

const sum = <T extends 'add' | 'sub'>(tag: T, { a, b }: NodeOf<'add'>, create: Create): Node =>
  create({ tag, width: Math.max(a.width, b.width) + 1, signed: tag === 'sub' || a.signed, a, b });
const inverted = (a: Node, create: Create): Node => create({ tag: 'not', width: a.width, signed: a.signed, a });
const bitwise = (what: string, tag: 'and' | 'or'): NamedReplacement =>
  fault<'and' | 'or' | 'xor'>(what, (n, create) => create({ tag, width: n.width, signed: n.signed, a: n.a, b: n.b }));

const byTag: { readonly [T in Tag]: Faults<T> } = {
  const: none,
  input: none,
  wire: none,
  reg: none,
  read: none,
  result: none,
  not: () => [fault<'not'>('inversion missing', ({ a }) => a)],
  popcount: ({ a }) =>
    a.width === 1
      ? []
      : [
          fault<'popcount'>('popcount without the top bit', ({ a: x, width }, create) =>
            create({
              tag: 'popcount',
              width,
              signed: false,
              a: create({ tag: 'slice', width: x.width - 1, signed: false, a: x, low: 0 }),
            }),
          ),
        ],
  any: ({ a }) =>
    a.width === 1
      ? []
      : [
          fault<'any'>('any becomes parity', ({ a: x }, create) =>
            create({ tag: 'parity', width: 1, signed: false, a: x }),
          ),
        ],
  parity: ({ a }) =>
    a.width === 1
      ? []
      : [
          fault<'parity'>('parity becomes any', ({ a: x }, create) =>
            create({ tag: 'any', width: 1, signed: false, a: x }),
          ),
        ],
  resize: (node) => {
    if (node.width <= node.a.width || !node.a.signed) return [];
    return [
      fault<'resize'>('extended with zeros instead of the sign', ({ a, width }, create) => {
        const bits = create({ tag: 'resize', width: a.width, signed: false, a });
        return create({ tag: 'resize', width, signed: false, a: bits });
      }),
    ];
  },
  slice: ({ a, low, width }) =>
    [low + 1, low - 1]
      .filter((l) => l >= 0 && l + width <= a.width)
      .map((l) =>
        fault<'slice'>(`slice from bit ${l} instead of ${low}`, (n, create) =>
          create({ tag: 'slice', width, signed: false, a: n.a, low: l }),
        ),
      ),
  add: () => [fault<'add'>('add becomes sub', (n, create) => sum('sub', n, create))],
  sub: () => [fault<'sub'>('sub becomes add', (n, create) => sum('add', n as never, create))],
  mul: () => [fault<'mul'>('mul becomes add', (n, create) => sum('add', n as never, create))],
  and: () => [bitwise('and becomes or', 'or')],
  or: () => [bitwise('or becomes and', 'and')],
  xor: () => [bitwise('xor becomes or', 'or')],
  eq: () => [fault<'eq'>('= becomes !=', (n, create) => inverted(n, create))],
  lt: () => [
    fault<'lt'>('< becomes <=', ({ a, b }, create) =>
      inverted(create({ tag: 'lt', width: 1, signed: false, a: b, b: a }), create),
    ),
    fault<'lt'>('< becomes >=', (n, create) => inverted(n, create)),
  ],
  shl: () => [
    fault<'shl'>('shl becomes shr', ({ a, b }, create) =>
      create({ tag: 'shr', width: a.width, signed: a.signed, a, b }),
    ),
  ],
  shr: () => [
    fault<'shr'>('shr becomes shl', ({ a, b, width, signed }, create) => create({ tag: 'shl', width, signed, a, b })),
  ],
  mux: () => [
    fault<'mux'>('choices exchanged', ({ select, a, b, width, signed }, create) =>
      create({ tag: 'mux', width, signed, select, a: b, b: a }),
    ),
  ],
  cat: ({ parts, width }) => {
    const at = parts.findIndex((p, i) => parts[i + 1]?.width === p.width && parts[i + 1] !== p);
    if (at < 0) return [];
    return [
      fault<'cat'>(`parts ${at} and ${at + 1} exchanged`, (n, create) => {
        const swapped = n.parts.map((p, i) => (i === at ? n.parts[at + 1]! : i === at + 1 ? n.parts[at]! : p));
        return create({ tag: 'cat', width, signed: false, parts: swapped });
      }),
    ];
  },
};

/** What an operator could be mistaken for. The replacement is of the operator's type. */
export function operatorFaults(node: Node): NamedReplacement[] {
  return (byTag[node.tag] as (n: Node) => NamedReplacement[])(node);
}
