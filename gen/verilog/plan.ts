/** Decides which values of a module get a declaration of their own and which are written where they are used. */
import { type Module, type Node, type NodeOf, operandsOf, type Register } from '../ir.ts';

/** Terms that an expression may have before it gets a name of its own. */
const largestExpression = 12;

export interface Plan {
  /** Nodes that reach an output, an instance or a memory, in creation order. */
  readonly live: readonly Node[];
  /** Nodes that only properties look at, in creation order. */
  readonly checking: readonly Node[];
  isDeclared(node: Node): boolean;
  /** Whether anything but outputs and instances reads it. */
  isRead(node: Node): boolean;
  /**
   * Bits in which a value is computed: all, but of a sum or difference of which its one user keeps only the low bits those
   * alone, so that `count + 1` of four bits is an addition of four bits.
   */
  widthOf(node: Node): number;
  /** Follows `node` down to the value it selects from; `stop` tells where a value has a name of its own. */
  selectionOf(node: Node, stop: (n: Node) => boolean): Selection;
}

/** Bits `low` and up of `base`, for a chain of unnamed slices, truncations and casts. */
export interface Selection {
  readonly base: Node;
  readonly low: number;
}

type Narrowing = NodeOf<'slice'> | NodeOf<'resize'>;
type Sum = NodeOf<'add' | 'sub'>;

const isNarrowing = (n: Node): n is Narrowing => n.tag === 'slice' || (n.tag === 'resize' && n.width <= n.a.width);
const isSum = (n: Node): n is Sum => n.tag === 'add' || n.tag === 'sub';

/** Values that are named by what they are: their declaration is a port, a register, a memory's or an instance's output. */
export const isStated = (n: Node): boolean =>
  n.tag === 'input' || n.tag === 'wire' || n.tag === 'reg' || n.tag === 'read' || n.tag === 'result';

/** Values that no expression can hold: they are instances, or their meaning would change with the width around them. */
const standsAlone = (n: Node): boolean => n.tag === 'popcount' || n.tag === 'mul' || (n.tag === 'shr' && n.signed);

/** Notes in `seen` every node that the roots depend on. */
function reach(module: Module, roots: Iterable<Node | undefined>): Uint8Array {
  const seen = new Uint8Array(module.nodes.length);
  const registers: (Register | undefined)[] = [];
  for (const r of module.registers) registers[r.node.id] = r;
  const work: Node[] = [];
  const visit = (n: Node | undefined): void => {
    if (n === undefined || seen[n.id] === 1) return;
    seen[n.id] = 1;
    work.push(n);
  };
  for (const n of roots) visit(n);
  for (let n = work.pop(); n !== undefined; n = work.pop()) {
    for (const o of operandsOf(n)) visit(o);
    if (n.tag === 'wire') visit(module.drivers.get(n));
    if (n.tag === 'reg') {
      visit(registers[n.id]?.next);
      visit(registers[n.id]?.enable);
    }
  }
  return seen;
}

function* hardwareRoots(module: Module): Generator<Node | undefined> {
  yield* module.outputs.values();
  for (const i of module.instances) {
    yield* i.inputs.values();
    yield* i.results.values();
  }
  for (const m of module.memories) {
    for (const r of m.reads) yield* [r.node, r.address, r.enable];
    for (const w of m.writes) yield* [w.address, w.data, w.enable, w.mask];
  }
}

/** How often the text of each value would be written, by id. */
function useCounts(module: Module, live: readonly Node[]): Uint32Array {
  const uses = new Uint32Array(module.nodes.length);
  const use = (n: Node | undefined): void => void (n !== undefined && uses[n.id]!++);
  for (const n of live) for (const o of operandsOf(n)) use(o);
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

/** Bits of each sum that its one user keeps, by id; 0: all of them. Users come after what they use. */
function keptBits(module: Module, live: readonly Node[], uses: Uint32Array): Uint32Array {
  const kept = new Uint32Array(module.nodes.length);
  const keep = (n: Node, bits: number): void => {
    if (isSum(n) && n.width > bits && uses[n.id] === 1 && !module.names.has(n)) kept[n.id] = bits;
  };
  for (let i = live.length - 1; i >= 0; i--) {
    const n = live[i]!;
    if (isNarrowing(n) && (n.tag !== 'slice' || n.low === 0)) keep(n.a, n.width);
    if (isSum(n) && kept[n.id]! > 0) for (const o of [n.a, n.b]) keep(o, kept[n.id]!);
  }
  return kept;
}

/** Operands from which bits are selected (a slice, a sign bit), or which should stand alone beside a multiplier. */
function namedOperands(n: Node, kept: Uint32Array): readonly Node[] {
  if (n.tag === 'mul') return [n.a, n.b];
  if (n.tag === 'slice' || (n.tag === 'resize' && n.width < n.a.width)) return kept[n.a.id]! > 0 ? [] : [n.a];
  if (n.tag === 'resize' && n.a.signed && n.width > n.a.width) return [n.a];
  if (n.tag === 'shl' && n.width !== n.a.width && (n.a.signed || n.width < n.a.width)) return [n.a];
  if (!isSum(n)) return [];
  const width = kept[n.id]!;
  if (width === 0) return n.a.signed ? [n.a, n.b] : [];
  return [n.a, n.b].filter((o) => kept[o.id] !== width && (o.width > width || (o.signed && o.width < width)));
}

export function plan(module: Module): Plan {
  const hardware = reach(module, hardwareRoots(module));
  const watched = reach(
    module,
    module.properties.map((p) => p.condition),
  );
  const all = module.nodes.filter((n) => hardware[n.id] === 1 || watched[n.id] === 1);
  const uses = useCounts(module, all);
  const kept = keptBits(module, all, uses);
  const isWhole = (n: Narrowing): boolean => kept[n.a.id]! > 0;
  const selectionOf = (node: Node, stop: (n: Node) => boolean): Selection => {
    let base = node;
    let low = 0;
    while (isNarrowing(base) && !isWhole(base) && (base === node || !stop(base))) {
      if (base.tag === 'slice') low += base.low;
      base = base.a;
    }
    return { base, low };
  };
  const declared = new Uint8Array(module.nodes.length);
  const named = (n: Node): boolean => declared[n.id] === 1 || isStated(n);
  const declare = (n: Node): void => {
    if (n.tag !== 'const' && !isStated(n)) declared[n.id] = 1;
  };
  for (const n of all) {
    if (n.tag !== 'input' && n.tag !== 'const' && (standsAlone(n) || module.names.has(n))) declared[n.id] = 1;
  }
  for (const m of module.memories) {
    // bits are selected from the data and the mask; a masked write needs them by name
    for (const w of m.writes) if (w.mask !== undefined) [w.data, w.mask].forEach(declare);
  }
  for (const n of all) {
    for (const o of namedOperands(n, kept)) declare(n.tag === 'mul' || named(o) ? o : selectionOf(o, named).base);
  }
  for (const m of module.memories) {
    // Icarus keeps the carry of a sum in an index
    for (const { address } of [...m.reads, ...m.writes]) {
      const { base } = selectionOf(address, named);
      if (!named(base) && base.tag !== 'const') declare(address);
    }
  }
  const size = new Uint32Array(module.nodes.length);
  for (const n of all) {
    let terms = n.tag === 'const' ? 1 : 0;
    for (const o of operandsOf(n)) terms += named(o) ? 1 : Math.max(1, size[o.id]!);
    const moves = n.tag === 'slice' || n.tag === 'resize';
    const cheap = n.tag === 'const' || (moves && !isWhole(n)) || (n.tag === 'not' && terms <= 1);
    if (!named(n) && ((!cheap && uses[n.id]! > 1) || terms > largestExpression)) declare(n);
    size[n.id] = Math.max(1, terms);
  }
  return {
    live: all.filter((n) => hardware[n.id] === 1),
    checking: all.filter((n) => hardware[n.id] === 0),
    isDeclared: (n) => declared[n.id] === 1,
    isRead: (n) => uses[n.id]! > 0,
    widthOf: (n) => kept[n.id]! || n.width,
    selectionOf,
  };
}
