/** Decides which values of a module get a declaration of their own and which are written where they are used. */
import { type Module, type Node, operandsOf } from '../ir.ts';

/** Terms that an expression may have before it gets a name of its own. */
const largestExpression = 12;

export interface Plan {
  /** Nodes that reach an output, an instance or a memory, in creation order. */
  readonly live: readonly Node[];
  /** Nodes that only properties look at, in creation order. */
  readonly checking: readonly Node[];
  readonly declared: ReadonlySet<Node>;
}

/** Bits `low` and up of `base`, for a chain of unnamed slices, truncations and casts. */
export interface Selection {
  readonly base: Node;
  readonly low: number;
}

const isSelection = (n: Node): boolean => n.tag === 'slice' || (n.tag === 'resize' && n.width <= n.a.width);

/** Follows `node` down to the value it selects from; `stop` tells where a value has a name of its own. */
export function selectionOf(node: Node, stop: (n: Node) => boolean): Selection {
  let base = node;
  let low = 0;
  while (isSelection(base) && (base === node || !stop(base))) {
    if (base.tag === 'slice') low += base.low;
    base = (base as Extract<Node, { a: Node }>).a;
  }
  return { base, low };
}

/** Nodes that the roots depend on. */
function reached(module: Module, roots: readonly Node[]): Set<Node> {
  const registers = new Map(module.registers.map((r) => [r.node as Node, r]));
  const work = [...roots];
  const live = new Set<Node>();
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    const register = registers.get(node);
    if (register !== undefined) work.push(register.next, ...(register.enable === undefined ? [] : [register.enable]));
    const driver = module.drivers.get(node);
    if (driver !== undefined) work.push(driver);
    work.push(...operandsOf(node));
  }
  return live;
}

function hardwareRoots(module: Module): Node[] {
  const present = (n: Node | undefined): n is Node => n !== undefined;
  return [
    ...module.outputs.values(),
    ...module.instances.flatMap((i) => [...i.inputs.values(), ...i.results.values()]),
    ...module.memories.flatMap((m) => [
      ...m.reads.flatMap((r) => [r.node, r.address, r.enable]),
      ...m.writes.flatMap((w) => [w.address, w.data, w.enable, w.mask]),
    ]),
  ].filter(present);
}

/** Values that are named by what they are: their declaration is a port, a register, a memory's or an instance's output. */
const isStated = (n: Node): boolean =>
  n.tag === 'input' || n.tag === 'wire' || n.tag === 'reg' || n.tag === 'read' || n.tag === 'result';

/** Values that no expression can hold: they are instances, or their meaning would change with the width around them. */
const standsAlone = (n: Node): boolean => n.tag === 'popcount' || n.tag === 'mul' || (n.tag === 'shr' && n.signed);

/** Operands from which bits are selected (a slice, a sign bit), or which should stand alone beside a multiplier. */
function namedOperands(n: Node): readonly Node[] {
  if (n.tag === 'mul') return [n.a, n.b];
  if (n.tag === 'slice' || (n.tag === 'resize' && n.width < n.a.width)) return [n.a];
  if (n.tag === 'resize' && n.a.signed && n.width > n.a.width) return [n.a];
  if ((n.tag === 'add' || n.tag === 'sub') && n.a.signed) return [n.a, n.b];
  return [];
}

function useCounts(module: Module, live: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>();
  const use = (n: Node | undefined): void => void (n !== undefined && uses.set(n, (uses.get(n) ?? 0) + 1));
  for (const n of live) operandsOf(n).forEach(use);
  for (const driver of module.drivers.values()) use(driver);
  for (const r of module.registers) [r.next, r.enable].forEach(use);
  for (const m of module.memories) {
    // the text of a write port stands once in the write and once in every read that looks past it
    const copies = 1 + m.reads.filter((r) => r.underWrite === 'new').length;
    for (const r of m.reads) for (let i = 0; i < 1 + m.writes.length; i++) [r.address, r.enable].forEach(use);
    for (const w of m.writes) for (let i = 0; i < copies; i++) [w.address, w.data, w.enable].forEach(use);
  }
  for (const p of module.properties) use(p.condition);
  return uses;
}

export function plan(module: Module): Plan {
  const hardware = reached(module, hardwareRoots(module));
  const watched = reached(
    module,
    module.properties.map((p) => p.condition),
  );
  const live = module.nodes.filter((n) => hardware.has(n) || watched.has(n));
  const uses = useCounts(module, live);
  const declared = new Set<Node>();
  const named = (n: Node): boolean => declared.has(n) || isStated(n);
  for (const n of live) {
    if (n.tag !== 'input' && n.tag !== 'const' && (module.names.has(n) || standsAlone(n))) declared.add(n);
  }
  const declare = (n: Node): void => void (n.tag !== 'const' && !isStated(n) && declared.add(n));
  for (const m of module.memories) {
    // bits are selected from the data and the mask; a masked write needs them by name
    for (const w of m.writes) if (w.mask !== undefined) [w.data, w.mask].forEach(declare);
  }
  for (const n of live) {
    for (const o of namedOperands(n)) declare(n.tag === 'mul' || named(o) ? o : selectionOf(o, named).base);
  }
  const size = new Map<Node, number>();
  for (const n of live) {
    const terms = operandsOf(n).reduce(
      (sum, o) => sum + (named(o) ? 1 : (size.get(o) ?? 1)),
      n.tag === 'const' ? 1 : 0,
    );
    const cheap = n.tag === 'const' || n.tag === 'slice' || n.tag === 'resize' || (n.tag === 'not' && terms <= 1);
    if (!named(n) && ((!cheap && (uses.get(n) ?? 0) > 1) || terms > largestExpression)) declared.add(n);
    size.set(n, Math.max(1, terms));
  }
  return { live: live.filter((n) => hardware.has(n)), checking: live.filter((n) => !hardware.has(n)), declared };
}
