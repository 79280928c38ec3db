/** Every place of a whole design where a value passes from one clock domain to another. */
import { DesignError } from '../diagnostic.ts';
import { type Clock, type Crossing, type Memory, type Module, type Node, operandsOf } from '../ir.ts';
import { wrongForm } from '../mistakes-clock.ts';
import { type FlatDesign, type FlatRegister, flatten } from '../passes/flatten.ts';

/** An end of a path, by its hierarchical name with dots. */
export interface Endpoint {
  readonly kind: 'register' | 'memory' | 'port';
  readonly name: string;
  readonly width: number;
  /** Undefined for a port that belongs to no clock. */
  readonly clock: Clock | undefined;
}

export interface CrossingPath {
  readonly kind: Exclude<Crossing, 'settle'> | 'memory';
  readonly from: readonly Endpoint[];
  readonly to: Endpoint;
}

/** The crossings of `design` and everything below it, each once, in the order of the flat design. */
export function crossings({ module }: { readonly module: Module }): CrossingPath[] {
  const flat = flatten(module, { keep: 'named', properties: 'drop' });
  const ends = endpoints(flat, module);
  const marked = flat.registers.filter((r) => r.crossing !== undefined && r.crossing !== 'settle');
  return [
    ...marked.map((r) => crossingOf(r, ends)),
    ...flat.memories.filter((m) => m.crossing === 'held').flatMap((m) => memoryCrossings(m, ends)),
  ];
}

function endpoints(flat: FlatDesign, module: Module): ReadonlyMap<Node, Endpoint> {
  const ends = new Map<Node, Endpoint>();
  const nameOf = new Map([...flat.names].reverse().map(([name, node]) => [node, name]));
  const domains = new Map(module.ports.map((p) => [p.name, p.domain]));
  for (const { name, node, width } of flat.inputs) {
    const domain = domains.get(name);
    ends.set(node, { kind: 'port', name, width, clock: domain === 'asynchronous' ? undefined : domain });
  }
  for (const { node, name, clock } of flat.registers) {
    ends.set(node, { kind: 'register', name: name ?? '', width: node.width, clock });
  }
  for (const m of flat.memories) {
    for (const { node, clock } of m.reads) {
      ends.set(node, { kind: 'register', name: nameOf.get(node) ?? '', width: node.width, clock });
    }
  }
  return ends;
}

function crossingOf({ node, next, crossing, name }: FlatRegister, ends: ReadonlyMap<Node, Endpoint>): CrossingPath {
  const kind = crossing as CrossingPath['kind'] & Crossing;
  const from = sources(next, ends);
  if (kind === 'bit' && selected(next).tag !== 'const' && !ends.has(selected(next)))
    throw new DesignError('the whole design', [
      wrongForm(`register ${name}`, kind, `a value that is computed (${next.tag})`, next.location),
    ]);
  return { kind, from, to: ends.get(node)! };
}

function selected(node: Node): Node {
  let at = node;
  while (at.tag === 'slice') at = at.a;
  return at;
}

/** Registers and ports that a value is computed from. */
function sources(root: Node, ends: ReadonlyMap<Node, Endpoint>): Endpoint[] {
  const found = new Set<Endpoint>();
  const seen = new Set([root]);
  for (const node of seen) {
    const end = ends.get(node);
    if (end !== undefined) found.add(end);
    else for (const operand of operandsOf(node)) seen.add(operand);
  }
  return [...found];
}

function memoryCrossings(m: Memory, ends: ReadonlyMap<Node, Endpoint>): CrossingPath[] {
  const clocks = new Map(m.writes.map((w) => [w.clock.clock, w.clock]));
  return m.reads.flatMap((r) => {
    const foreign = [...clocks.values()].filter((c) => c.clock !== r.clock.clock);
    const from = foreign.map((clock): Endpoint => ({ kind: 'memory', name: m.name, width: m.width, clock }));
    return from.length === 0 ? [] : [{ kind: 'memory' as const, from, to: ends.get(r.node)! }];
  });
}
