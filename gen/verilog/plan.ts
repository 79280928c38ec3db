/** Decides which values of a module get a declaration of their own and which are written where they are used. */
import { type Module, type Node, operandsOf } from '../ir.ts';

/** Terms that an expression may have before it gets a name of its own. */
const largestExpression = 12;

export interface Plan {
  /** Nodes that reach an output, an instance or a memory, in creation order. */
  readonly live: readonly Node[];
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

function liveNodes(module: Module): Node[] {
  const registers = new Map(module.registers.map((r) => [r.node as Node, r]));
  const work: Node[] = [...module.outputs.values(), ...module.instances.flatMap((i) => [...i.inputs.values()])];
  for (const m of module.memories) {
    for (const r of m.reads) work.push(r.node, r.address, ...(r.enable === undefined ? [] : [r.enable]));
    for (const w of m.writes) work.push(w.address, w.data, w.enable);
  }
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
  return module.nodes.filter((n) => live.has(n) || n.tag === 'result');
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
    for (const r of m.reads) [r.address, r.enable].forEach(use);
    for (const w of m.writes) [w.address, w.data, w.enable].forEach(use);
  }
  return uses;
}

export function plan(module: Module): Plan {
  const live = liveNodes(module);
  const uses = useCounts(module, live);
  const declared = new Set<Node>();
  const named = (n: Node): boolean => declared.has(n) || isStated(n);
  for (const n of live) {
    if (n.tag !== 'input' && n.tag !== 'const' && (module.names.has(n) || standsAlone(n))) declared.add(n);
  }
  const declare = (n: Node): void => void (n.tag !== 'const' && !isStated(n) && declared.add(n));
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
  return { live, declared };
}
