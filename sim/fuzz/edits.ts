/** Every module that is one step smaller: an output less, a value cut, narrower, or a part alone. */
import { type Instance, type Module, type Node, operandsOf } from '../../gen/ir.ts';
import { liveNodes, rebuild } from './rebuild.ts';

export function edits(module: Module): Module[] {
  return [...whole(module), ...inside(module, true)];
}

/** Edits that change the ports. */
function whole(module: Module): Module[] {
  const outputs = [...module.outputs.keys()];
  const widths = [1, 2, 3, 5, 8, 16, 33, 65, 100].filter((w) => module.nodes.some((n) => n.width > w));
  return [
    ...new Set(module.instances.map((i) => i.module)),
    ...(outputs.length < 2 ? [] : outputs.map((o) => rebuild(module, { outputs: [o] }))),
    ...widths.map((most) => rebuild(module, { width: (w) => Math.min(w, most) })),
    rebuild(module, { width: (w) => Math.ceil(w / 2) }),
    ...module.nodes
      .filter((n) => n.tag !== 'wire' && n.width > 1)
      .map((n) => rebuild(module, { width: (w, of) => (of === n ? Math.ceil(w / 2) : w) })),
  ];
}

/**
 * What keeps unknown values from being looked at (memory.ts, generate.ts): registers that note what is defined, what only
 * they depend on, and the choices that they make. Without it a module differs for reasons of its own.
 */
function guardsOf(module: Module): ReadonlySet<Node> {
  const names = /_known$|_spoilt\d+$|^valid_\d+$/;
  const guards = new Set<Node>(
    module.registers.flatMap(({ node }) => (names.test(module.names.get(node) ?? '') ? [node] : [])),
  );
  const without = { ...module, registers: module.registers.filter((r) => !guards.has(r.node)) };
  const others = liveNodes(without, {});
  const kept = new Set([...liveNodes(module, {})].filter((n) => !others.has(n) || guards.has(n)));
  for (const node of module.nodes) {
    const gates = node.tag === 'not' || node.tag === 'slice' || node.tag === 'shr' || node.tag === 'mux';
    if (gates && kept.has(node.tag === 'mux' ? node.select : node.a)) kept.add(node);
  }
  return kept;
}

/** Edits of values; with `free`, a value may become an input. */
function inside(module: Module, free: boolean): Module[] {
  const found: Module[] = [rebuild(module, {})];
  const kept = guardsOf(module);
  for (const node of module.nodes) {
    if (node.tag === 'const' || node.tag === 'wire' || node.tag === 'input' || kept.has(node)) continue;
    const same = operandsOf(node).filter((o) => o.width === node.width && o.signed === node.signed);
    const replacements: (Node | 'zero' | 'input')[] = ['zero', ...(free ? (['input'] as const) : []), ...same];
    found.push(...replacements.map((by) => rebuild(module, { replace: { node, by } })));
  }
  for (const { node, enable } of module.registers) {
    if (enable !== undefined) found.push(rebuild(module, { always: node }));
  }
  const parts = new Map<Module, Instance[]>();
  for (const i of module.instances) parts.set(i.module, [...(parts.get(i.module) ?? []), i]);
  for (const [part, instances] of parts) {
    for (const smaller of inside(part, false)) {
      found.push(rebuild(module, { parts: new Map(instances.map((i) => [i, smaller])) }));
    }
  }
  return found;
}
