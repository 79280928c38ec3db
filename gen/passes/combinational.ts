/**
 * What every value of a module is computed from in the same cycle, as numbers, and an order in which operands come first.
 * Instances count by what their outputs depend on: the module below is looked at once, however often it stands somewhere.
 * Linear in the nodes; the dependences of the outputs cost another walk per 32 input ports.
 */
import { DesignError } from '../diagnostic.ts';
import { type Instance, type Module, operandsOf } from '../ir.ts';
import { hierarchy } from './hierarchy.ts';
import { combinationalLoop } from './loop.ts';

export interface Graph {
  readonly module: Module;
  /** Operands of node i: `operands[start[i]]` up to `operands[start[i + 1]]`, exclusive. */
  readonly start: Int32Array;
  readonly operands: Int32Array;
}

export interface OrderedGraph extends Graph {
  /** Every node once, operands before users. */
  readonly order: Int32Array;
}

/** The input ports that each output port depends on in the same cycle. */
export type Paths = ReadonlyMap<string, readonly string[]>;

/** Facts about immutable modules, kept as long as the module. */
const known = new WeakMap<Module, Paths>();

/** What the outputs of `module` depend on. Throws a `DesignError` where it or a module below has a combinational loop. */
export function pathsOf(module: Module): Paths {
  if (!known.has(module)) for (const m of hierarchy(module)) if (!known.has(m)) order(m);
  return known.get(module)!;
}

/** The graph of `module` in order. Throws a `DesignError` where a value depends on itself. */
export function order(module: Module): OrderedGraph {
  const graph = graphOf(module);
  const found = topological(graph);
  if ('loop' in found) throw new DesignError(`module ${module.name}`, [combinationalLoop(module, found.loop)]);
  const ordered = { ...graph, order: found.order };
  if (!known.has(module)) known.set(module, outputPaths(ordered));
  return ordered;
}

interface Dependence {
  readonly instance: Instance;
  /** Input ports of the instance. */
  readonly ports: readonly string[];
}

/** By the id of a result: what it depends on. */
function resultOperands(module: Module): readonly (Dependence | undefined)[] {
  const found: (Dependence | undefined)[] = [];
  for (const instance of module.instances) {
    const paths = pathsOf(instance.module);
    for (const [port, node] of instance.results) found[node.id] = { instance, ports: paths.get(port) ?? [] };
  }
  return found;
}

export function graphOf(module: Module): Graph {
  const { nodes, drivers } = module;
  const results = resultOperands(module);
  const addresses = new Map<number, number>();
  for (const m of module.memories) {
    for (const r of m.reads) if (r.kind === 'combinational') addresses.set(r.node.id, r.address.id);
  }
  const start = new Int32Array(nodes.length + 1);
  let list = new Int32Array(2 * nodes.length + 16);
  let used = 0;
  const add = (id: number): void => {
    if (used === list.length) {
      const longer = new Int32Array(2 * used);
      longer.set(list);
      list = longer;
    }
    list[used++] = id;
  };
  for (const [id, node] of nodes.entries()) {
    start[id] = used;
    if (node.tag === 'wire') add(drivers.get(node)!.id);
    else if (node.tag === 'result') {
      const { instance, ports } = results[id]!;
      for (const port of ports) {
        const net = instance.inputs.get(port);
        if (net !== undefined) add(net.id);
      }
    } else if (node.tag === 'read') {
      const address = addresses.get(id);
      if (address !== undefined) add(address);
    } else for (const operand of operandsOf(node)) add(operand.id);
  }
  start[nodes.length] = used;
  return { module, start, operands: list.subarray(0, used) };
}

/** Depth first with an explicit stack. The loop is given as node ids, each computed from the next, the last from the first. */
function topological({
  start,
  operands,
}: Graph): { readonly order: Int32Array } | { readonly loop: readonly number[] } {
  const count = start.length - 1;
  const state = new Uint8Array(count); // 0 unseen, 1 on the stack, 2 placed
  const next = start.slice(0, count);
  const placed = new Int32Array(count);
  const stack = new Int32Array(count);
  let at = 0;
  for (let root = 0; root < count; root++) {
    if (state[root] !== 0) continue;
    let depth = 0;
    stack[0] = root;
    state[root] = 1;
    while (depth >= 0) {
      const id = stack[depth]!;
      if (next[id]! === start[id + 1]!) {
        state[id] = 2;
        placed[at++] = id;
        depth--;
        continue;
      }
      const operand = operands[next[id]!++]!;
      if (state[operand] === 1) return { loop: [...stack.subarray(stack.indexOf(operand), depth + 1)] };
      if (state[operand] === 2) continue;
      state[operand] = 1;
      stack[++depth] = operand;
    }
  }
  return { order: placed };
}

/** Which inputs each output depends on: 32 inputs at a time, one bit per input. */
function outputPaths({ module, start, operands, order }: OrderedGraph): Paths {
  const inputs = module.nodes.filter((n) => n.tag === 'input');
  const paths = new Map<string, string[]>([...module.outputs.keys()].map((port) => [port, []]));
  if (paths.size === 0) return paths;
  const reached = new Int32Array(module.nodes.length);
  for (let first = 0; first < inputs.length; first += 32) {
    const group = inputs.slice(first, first + 32);
    reached.fill(0);
    for (const [i, node] of group.entries()) reached[node.id] = 1 << i;
    for (const id of order) {
      let bits = reached[id]!;
      for (let i = start[id]!; i < start[id + 1]!; i++) bits |= reached[operands[i]!]!;
      reached[id] = bits;
    }
    for (const [port, node] of module.outputs) {
      for (const [i, input] of group.entries()) if ((reached[node.id]! >> i) & 1) paths.get(port)!.push(input.port);
    }
  }
  return paths;
}
