/** Which values of a module become a statement of their own in FIRRTL; the others are written where they are used. */
import { type Module, type Node, operandsOf, type Register } from '../ir.ts';
import { splitsAmount } from './expressions.ts';

/** Operations that an expression may have: bounds the length of lines, and the depth to which they nest. */
const largestExpression = 8;

export interface FirrtlPlan {
  /** Nodes that an output, an instance, a memory or a property depends on, in creation order. */
  readonly live: readonly Node[];
  isDeclared(node: Node): boolean;
  /** How often a value is used. */
  usesOf(node: Node): number;
}

const isStated = (n: Node): boolean =>
  n.tag === 'input' || n.tag === 'wire' || n.tag === 'reg' || n.tag === 'read' || n.tag === 'result';

/** Values that instances, memories, properties and ports look at; once per look. */
function* outsideUses(module: Module): Generator<Node | undefined> {
  for (const i of module.instances) yield* i.inputs.values();
  for (const m of module.memories) {
    for (const r of m.reads) yield* [r.address, r.enable];
    for (const w of m.writes) yield* [w.address, w.data, w.enable, w.mask];
  }
  for (const p of module.properties) yield p.condition;
}

/** Values that memories look at in several places. */
function* sharedByMemories(module: Module): Generator<Node | undefined> {
  for (const m of module.memories) {
    for (const w of m.writes) yield* [w.address, w.data, w.enable, w.mask];
    for (const r of m.reads) if (r.underWrite === 'new') yield r.address;
  }
}

/** How often every node is used, by its id, and which are live; both by walking back from what the module is for. */
function reach(module: Module): { readonly uses: Uint32Array; readonly live: Uint8Array } {
  const uses = new Uint32Array(module.nodes.length);
  const live = new Uint8Array(module.nodes.length);
  const registers: (Register | undefined)[] = [];
  for (const r of module.registers) registers[r.node.id] = r;
  const work: Node[] = [];
  const visit = (n: Node | undefined): void => {
    if (n === undefined || live[n.id] === 1) return;
    live[n.id] = 1;
    work.push(n);
  };
  const use = (n: Node | undefined): void => {
    if (n !== undefined) uses[n.id]!++;
    visit(n);
  };
  for (const n of module.outputs.values()) visit(n);
  for (const i of module.instances) for (const n of i.results.values()) visit(n);
  for (const m of module.memories) for (const r of m.reads) visit(r.node);
  for (const n of outsideUses(module)) use(n);
  for (let n = work.pop(); n !== undefined; n = work.pop()) {
    for (const o of operandsOf(n)) use(o);
    if (n.tag === 'wire') use(module.drivers.get(n));
    if (n.tag === 'reg') {
      use(registers[n.id]?.next);
      use(registers[n.id]?.enable);
    }
  }
  return { uses, live };
}

export function planFirrtl(module: Module): FirrtlPlan {
  const { uses, live: reached } = reach(module);
  const live = module.nodes.filter((n) => reached[n.id] === 1);
  const declared = new Uint8Array(module.nodes.length);
  const declare = (n: Node): void => {
    if (n.tag !== 'const' && !isStated(n)) declared[n.id] = 1;
  };
  for (const n of sharedByMemories(module)) if (n !== undefined) declare(n);
  for (const n of module.names.keys()) declare(n);
  for (const n of live) {
    if (n.tag === 'popcount') declare(n);
    if (n.tag === 'shl' && splitsAmount(n)) declare(n.b);
  }
  const size = new Uint32Array(module.nodes.length);
  for (const n of live) {
    if (isStated(n) || n.tag === 'const') continue;
    let operations = 1;
    for (const o of operandsOf(n)) if (declared[o.id] === 0) operations += size[o.id]!;
    if (operations > largestExpression || uses[n.id]! > 1) declare(n);
    size[n.id] = operations;
  }
  return { live, isDeclared: (n) => declared[n.id] === 1, usesOf: (n) => uses[n.id]! };
}
