/** A module with some of its values replaced: for planted faults and mutations. */

import type { NodeDraft } from '../factory.ts';
import {
  type Instance,
  type Memory,
  type Module,
  type Node,
  operandsOf,
  type Read,
  type Reg,
  type Result,
  withOperands,
} from '../ir.ts';
import { hierarchy, isBlackBox } from './hierarchy.ts';

/** Makes what the users of `node` see instead of it. `create` adds a node to the module. */
export type Replacement = (node: Node, create: (draft: NodeDraft) => Node) => Node;

export interface Rewrite {
  readonly values?: ReadonlyMap<Node, Replacement>;
  /** Other modules for instances; their ports must be the same. */
  readonly modules?: ReadonlyMap<Instance, Module>;
}

/** Copies `module`; every user of a replaced value sees the replacement, the value itself stays. */
export function rewriteModule(module: Module, { values = new Map(), modules = new Map() }: Rewrite): Module {
  const nodes: Node[] = [];
  const copies = new Map<Node, Node>();
  const seen = new Map<Node, Node>();
  const add = <N extends Node>(node: N): N => {
    const placed = { ...node, id: nodes.length };
    nodes.push(placed);
    return placed;
  };
  for (const node of module.nodes) {
    const copy = add(
      withOperands(
        node,
        operandsOf(node).map((o) => seen.get(o)!),
      ),
    );
    copies.set(node, copy);
    const create = (draft: NodeDraft): Node => add({ ...draft, id: 0, location: node.location } as Node);
    seen.set(node, values.get(node)?.(copy, create) ?? copy);
  }
  const value = (n: Node): Node => seen.get(n)!;
  const maybe = (n: Node | undefined): Node | undefined => (n === undefined ? undefined : value(n));
  const rekeyed = <V>(map: ReadonlyMap<Node, V>): Map<Node, V> =>
    new Map([...map].map(([n, v]) => [copies.get(n)!, v]));
  return {
    ...module,
    nodes,
    registers: module.registers.map((r) => ({
      ...r,
      node: copies.get(r.node) as Reg,
      next: value(r.next),
      enable: maybe(r.enable),
    })),
    memories: module.memories.map(
      (m): Memory => ({
        ...m,
        reads: m.reads.map((r) => ({
          ...r,
          node: copies.get(r.node) as Read,
          address: value(r.address),
          enable: maybe(r.enable),
        })),
        writes: m.writes.map((w) => ({
          ...w,
          address: value(w.address),
          data: value(w.data),
          enable: value(w.enable),
          mask: maybe(w.mask),
        })),
      }),
    ),
    instances: module.instances.map((i) => ({
      ...i,
      module: modules.get(i) ?? i.module,
      inputs: new Map([...i.inputs].map(([port, n]) => [port, copies.get(n)!])),
      results: new Map([...i.results].map(([port, n]) => [port, copies.get(n) as Result])),
    })),
    properties: module.properties.map((p) => ({ ...p, condition: value(p.condition) })),
    drivers: new Map([...module.drivers].map(([wire, driver]) => [copies.get(wire)!, value(driver)])),
    outputs: new Map([...module.outputs].map(([port, n]) => [port, copies.get(n)!])),
    names: rekeyed(module.names),
    comments: rekeyed(module.comments),
    displays: rekeyed(module.displays),
  };
}

/** The hierarchy with every module as `edit` makes it: it gets the module with its instances edited, and as it was. */
export function rewriteHierarchy(top: Module, edit: (module: Module, original: Module) => Module): Module {
  const edited = new Map<Module, Module>();
  for (const original of hierarchy(top, isBlackBox)) {
    const modules = new Map<Instance, Module>();
    for (const instance of isBlackBox(original) ? [] : original.instances) {
      const other = edited.get(instance.module)!;
      if (other !== instance.module) modules.set(instance, other);
    }
    edited.set(original, edit(modules.size === 0 ? original : rewriteModule(original, { modules }), original));
  }
  return edited.get(top)!;
}
