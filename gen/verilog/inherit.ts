/**
 * Names for values that the design left unnamed and that need a declaration. A value that feeds one named thing is called
 * after it (`count_next`, `y_sum`); a test, and a value that feeds several, after what it is made of (`state_is_3`); an
 * input of an instance that is read here too, after both (`queue_ready`).
 */
import { type Module, type Node, type NodeOf, operandsOf, type Tag } from '../ir.ts';
import type { Plan } from './plan.ts';

/** The one named thing that a value feeds; `next`: it is what a register takes. */
interface Heir {
  readonly name: string;
  readonly next: boolean;
}
/** Fed by a value that feeds another thing too. */
const several = Symbol('several');

/** What a value is to the thing it feeds. */
const roles: { readonly [T in Tag]: string } = {
  const: 'constant',
  input: 'in',
  wire: 'net',
  reg: 'state',
  read: 'word',
  result: 'result',
  not: 'inverse',
  popcount: 'count',
  any: 'any',
  parity: 'parity',
  resize: 'value',
  slice: 'part',
  add: 'sum',
  sub: 'difference',
  mul: 'product',
  and: 'and',
  or: 'or',
  xor: 'xor',
  eq: 'equal',
  lt: 'less',
  shl: 'shifted',
  shr: 'shifted',
  mux: 'choice',
  cat: 'word',
};

const longest = 40;
type NameOf = (node: Node) => string | undefined;

const unary = (suffix: string) => (n: NodeOf<'not' | 'any' | 'parity' | 'popcount'>, of: NameOf) =>
  joined(of(n.a), suffix);
const binary = (verb: string) => (n: NodeOf<'add' | 'and' | 'eq' | 'shl'>, of: NameOf) =>
  joined(of(n.a), verb, of(n.b));
const joined = (...parts: readonly (string | undefined)[]): string | undefined =>
  parts.includes(undefined) ? undefined : parts.join('_');

/** `a < b` or its inverse; a constant stands on the right. */
const compared = ({ a, b }: NodeOf<'lt'>, of: NameOf, verb: string, reverse: string): string | undefined =>
  a.tag === 'const' ? joined(of(b), reverse, of(a)) : joined(of(a), verb, of(b));

/** Names by what a value is made of, where its operands have names. */
const descriptions: { readonly [T in Tag]?: (node: NodeOf<T>, of: NameOf) => string | undefined } = {
  not: ({ a }, of) =>
    joined('not', of(a)) ??
    (a.tag === 'eq'
      ? joined(of(a.a), 'is_not', of(a.b))
      : a.tag === 'lt'
        ? compared(a, of, 'from', 'up_to')
        : undefined),
  popcount: unary('ones'),
  any: unary('any'),
  parity: unary('parity'),
  slice: (n, of) => joined(of(n.a), n.width === 1 ? `${n.low}` : `${n.low + n.width - 1}_${n.low}`),
  add: binary('plus'),
  sub: binary('minus'),
  mul: binary('times'),
  and: binary('and'),
  or: binary('or'),
  xor: binary('xor'),
  eq: binary('is'),
  lt: (n, of) => compared(n, of, 'below', 'above'),
  shl: binary('shifted_left_by'),
  shr: binary('shifted_right_by'),
};

/** Values whose own description says more than what they are used for. */
const tests: ReadonlySet<Tag> = new Set<Tag>(['not', 'any', 'parity', 'eq', 'lt', 'popcount']);

/** The thing that each value feeds, by id. Values that have a name stand for themselves; users come after what they use. */
function heirs(module: Module, live: readonly Node[]): (Heir | typeof several | undefined)[] {
  const found: (Heir | typeof several | undefined)[] = new Array(module.nodes.length).fill(undefined);
  const give = (node: Node | undefined, heir: Heir | typeof several | undefined): void => {
    if (node === undefined || heir === undefined) return;
    const known = found[node.id];
    const same = known === undefined || (known !== several && heir !== several && known.name === heir.name);
    found[node.id] = same ? heir : several;
  };
  const named = (name: string): Heir => ({ name, next: false });
  for (const [port, node] of module.outputs) give(node, named(port));
  for (const i of module.instances) for (const [port, node] of i.inputs) give(node, named(`${i.name}_${port}`));
  for (const r of module.registers) {
    const name = module.names.get(r.node);
    if (name === undefined) continue;
    give(r.next, { name, next: true });
    give(r.enable, named(`${name}_enable`));
  }
  for (const m of module.memories) {
    for (const r of m.reads) give(r.address, named(`${module.names.get(r.node) ?? m.name}_address`));
    for (const w of m.writes) {
      give(w.address, named(`${m.name}_write_address`));
      give(w.data, named(`${m.name}_write_data`));
      give(w.enable, named(`${m.name}_write_enable`));
      give(w.mask, named(`${m.name}_write_mask`));
    }
  }
  for (const p of module.properties) give(p.condition, named(p.name));
  for (const [wire, driver] of module.drivers) {
    const name = module.names.get(wire);
    give(driver, name === undefined ? found[wire.id] : named(name));
  }
  for (let i = live.length - 1; i >= 0; i--) {
    const node = live[i]!;
    const name = module.names.get(node);
    const heir = name === undefined ? found[node.id] : named(name);
    const passed = heir === undefined || heir === several || !heir.next ? heir : named(heir.name);
    for (const o of operandsOf(node)) give(o, passed);
  }
  return found;
}

/** What an unnamed value of `module` is called: after other names, or, `derived` false, after its operation alone. */
export function inheritance(
  module: Module,
  plan: Plan,
): (node: Node, of: NameOf) => { wish: string; derived: boolean } {
  const found = heirs(
    module,
    [...plan.live, ...plan.checking].sort((a, b) => a.id - b.id),
  );
  const pins = new Map(
    module.instances.flatMap((i) => [...i.inputs].map(([port, net]) => [net, `${i.name}_${port}`] as const)),
  );
  const termOf = (of: NameOf) => (n: Node) =>
    n.tag === 'const' ? `${n.value < 0n ? 'minus_' : ''}${n.value < 0n ? -n.value : n.value}` : of(n);
  return (node, of) => {
    const pin = pins.get(node);
    if (pin !== undefined) return { wish: pin, derived: true };
    const meant =
      (node.tag === 'resize' || node.tag === 'slice') && plan.widthOf(node.a) < node.a.width ? node.a : node;
    const heir = found[node.id];
    const describe = descriptions[meant.tag] as ((n: Node, of: NameOf) => string | undefined) | undefined;
    const description = describe?.(meant, termOf(of));
    const described = description !== undefined && description.length <= longest;
    if (described && (tests.has(meant.tag) || heir === several || heir === undefined))
      return { wish: description, derived: true };
    if (heir === undefined || heir === several) {
      const operand = operandsOf(meant)
        .map(of)
        .find((name) => name !== undefined);
      return { wish: joined(operand, roles[meant.tag]) ?? roles[meant.tag], derived: operand !== undefined };
    }
    return { wish: heir.next ? `${heir.name}_next` : `${heir.name}_${roles[meant.tag]}`, derived: true };
  };
}
