/** Which values of a module become a statement of their own in FIRRTL; the others are written where they are used. */
import { type Module, type Node, operandsOf } from '../ir.ts';
import { plan } from '../verilog/plan.ts';
import { splitsAmount } from './expressions.ts';

/** Operations that an expression may have: bounds the length of lines, and the depth to which they nest. */
const largestExpression = 8;

export interface FirrtlPlan {
  /** Nodes that an output, an instance, a memory or a property depends on, in creation order. */
  readonly live: readonly Node[];
  readonly declared: ReadonlySet<Node>;
  /** How often a value is used. */
  readonly uses: ReadonlyMap<Node, number>;
}

const isStated = (n: Node): boolean =>
  n.tag === 'input' || n.tag === 'wire' || n.tag === 'reg' || n.tag === 'read' || n.tag === 'result';

function countUses(module: Module, live: ReadonlySet<Node>): Map<Node, number> {
  const uses = new Map<Node, number>();
  const use = (n: Node | undefined): void => void (n !== undefined && uses.set(n, (uses.get(n) ?? 0) + 1));
  for (const n of live) operandsOf(n).forEach(use);
  for (const [wire, driver] of module.drivers) if (live.has(wire)) use(driver);
  for (const r of module.registers) if (live.has(r.node)) [r.next, r.enable].forEach(use);
  for (const i of module.instances) for (const n of i.inputs.values()) use(n);
  for (const m of module.memories) {
    for (const r of m.reads) [r.address, r.enable].forEach(use);
    for (const w of m.writes) [w.address, w.data, w.enable, w.mask].forEach(use);
  }
  for (const p of module.properties) use(p.condition);
  return uses;
}

/** Values that memories look at in several places. */
function shared(module: Module): Node[] {
  const operands = module.memories.flatMap((m) => [
    ...m.writes.flatMap((w) => [w.address, w.data, w.enable, w.mask]),
    ...m.reads.filter((r) => r.underWrite === 'new').map((r) => r.address),
  ]);
  return operands.filter((n) => n !== undefined);
}

export function planFirrtl(module: Module): FirrtlPlan {
  const reached = plan(module);
  const live = [...reached.live, ...reached.checking].sort((a, b) => a.id - b.id);
  const uses = countUses(module, new Set(live));
  const declared = new Set<Node>();
  const declare = (n: Node): void => void (n.tag !== 'const' && !isStated(n) && declared.add(n));
  shared(module).forEach(declare);
  for (const n of live) {
    if (n.tag === 'popcount' || module.names.has(n)) declare(n);
    if (n.tag === 'shl' && splitsAmount(n)) declare(n.b);
  }
  const size = new Map<Node, number>();
  for (const n of live) {
    const inside = operandsOf(n).reduce((sum, o) => sum + (declared.has(o) ? 0 : (size.get(o) ?? 0)), 0);
    const operations = isStated(n) || n.tag === 'const' ? 0 : 1 + inside;
    if (operations > largestExpression || (operations > 0 && (uses.get(n) ?? 0) > 1)) declare(n);
    size.set(n, operations);
  }
  return { live, declared, uses };
}
