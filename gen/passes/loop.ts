/** The message about a combinational loop: every step of it, those inside instances included. */
import type { Diagnostic } from '../diagnostic.ts';
import type { Instance, Module, Node } from '../ir.ts';
import { type Graph, graphOf } from './combinational.ts';

interface Step {
  readonly prefix: string;
  readonly module: Module;
  readonly node: Node;
}

/** `loop`: ids of nodes, each computed from the next and the last from the first. */
export function combinationalLoop(module: Module, loop: readonly number[]): Diagnostic {
  const nodes = loop.map((id) => module.nodes[id]!);
  const steps = expand(module, turned(module, nodes)).filter(isShown);
  const named = steps.length > 0 ? steps : nodes.map((node): Step => ({ prefix: '', module, node }));
  const texts = named.map((s) => `${nameOf(s)} (${s.node.location})`);
  return {
    id: 'combinational-loop',
    what: `combinational loop through ${texts.length} signals`,
    location: named[0]!.node.location,
    expected: 'a register on every cycle of signals',
    found: [...texts, texts[0]].join('\n         <- '),
    remedy: 'put a register into the path, or compute one of these signals without the others',
  };
}

/** The loop from its oldest step on; not from an instance's result, so that a path through one stays together. */
function turned(module: Module, loop: readonly Node[]): readonly Node[] {
  const starts = loop.filter((node) => node.tag !== 'result' && isShown({ module, node }));
  const oldest = (starts.length > 0 ? starts : loop).reduce((least, n) => Math.min(least, n.id), Infinity);
  const first = loop.findIndex((n) => n.id === oldest);
  return [...loop.slice(first), ...loop.slice(0, first)];
}

/** Wires without a name only connect. */
const isShown = ({ module, node }: Pick<Step, 'module' | 'node'>): boolean =>
  node.tag !== 'wire' || module.names.has(node);

function nameOf({ prefix, module, node }: Step): string {
  const port = node.tag === 'input' ? node.port : undefined;
  return `${prefix}${module.names.get(node) ?? port ?? `(${node.tag})`}`;
}

/** The steps of a path, with those between an instance's output and its input put in. */
function expand(module: Module, path: readonly Node[]): Step[] {
  const steps: Step[] = [];
  const work: (Step & { readonly next: Node | undefined })[] = [];
  const push = (prefix: string, m: Module, nodes: readonly Node[]): void => {
    for (let i = nodes.length - 1; i >= 0; i--) work.push({ prefix, module: m, node: nodes[i]!, next: nodes[i + 1] });
  };
  push('', module, path);
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    steps.push(at);
    const { node, next } = at;
    const instance = node.tag === 'result' && next !== undefined ? instanceOf(at.module, node) : undefined;
    if (instance === undefined) continue;
    const output = portOf(instance.results, node);
    const input = portOf(instance.inputs, next!);
    push(`${at.prefix}${instance.name}.`, instance.module, pathBetween(instance.module, output, input));
  }
  return steps;
}

const instanceOf = (module: Module, result: Node): Instance | undefined =>
  module.instances.find((i) => [...i.results.values()].includes(result as never));

const portOf = (ports: ReadonlyMap<string, Node>, node: Node): string => [...ports].find(([, n]) => n === node)![0];

/** A shortest way from an output port back to an input port. */
function pathBetween(module: Module, output: string, input: string): Node[] {
  const graph: Graph = graphOf(module);
  const from = module.outputs.get(output)!.id;
  const cameFrom = new Int32Array(module.nodes.length).fill(-1);
  cameFrom[from] = from;
  const queue = [from];
  for (const id of queue) {
    const node = module.nodes[id]!;
    if (node.tag === 'input' && node.port === input) return way(module, cameFrom, id);
    for (let i = graph.start[id]!; i < graph.start[id + 1]!; i++) {
      const operand = graph.operands[i]!;
      if (cameFrom[operand] !== -1) continue;
      cameFrom[operand] = id;
      queue.push(operand);
    }
  }
  return [];
}

function way(module: Module, cameFrom: Int32Array, end: number): Node[] {
  const path: Node[] = [];
  for (let id = end; ; id = cameFrom[id]!) {
    path.push(module.nodes[id]!);
    if (cameFrom[id] === id) return path.reverse();
  }
}
