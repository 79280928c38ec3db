/** Shows the inside of a design to a proof: more output ports, everything else as it is. */
import {
  type Bits,
  type Design,
  type Interface,
  type Memory,
  type Module,
  type Node,
  type OutputPort,
  output,
  uint,
} from '../../gen/index.ts';

type Probes<N extends string> = { readonly [K in N as `probe_${K}`]: OutputPort<Bits<'unsigned'>> };

interface Draft {
  readonly nodes: Node[];
  readonly drivers: Map<Node, Node>;
  readonly outputs: Map<string, Node>;
  memories: readonly Memory[];
}

/**
 * The design with an output `probe_<name>` for each of the named unsigned signals, and `probe_<memory>_<address>` for each
 * word of the named memories.
 */
export function probe<I extends Interface, N extends string>(
  design: Design<I>,
  signals: readonly N[],
): Design<I & Probes<N>> {
  const { module } = design;
  const draft: Draft = {
    nodes: [...module.nodes],
    drivers: new Map(module.drivers),
    outputs: new Map(module.outputs),
    memories: module.memories,
  };
  const shown = signals.flatMap((name): readonly (readonly [string, Node])[] => {
    const memory = draft.memories.find((m) => m.name === name);
    if (memory !== undefined) return words(draft, memory, module);
    const found = [...module.names].find(([, n]) => n === name)?.[0];
    if (found === undefined) throw new Error(`${module.name} has no signal ${name}`);
    return [[name, found]];
  });
  const ports = shown.map(([name, node]) => {
    const wire = add(draft, { tag: 'wire', width: node.width, signed: false, id: 0, location: module.location });
    draft.drivers.set(wire, node);
    draft.outputs.set(`probe_${name}`, wire);
    return { name: `probe_${name}`, direction: 'output', width: node.width, signed: false, doc: '' } as const;
  });
  const handles = ports.map((p) => [p.name, output(uint(p.width), '')] as const);
  return {
    module: {
      ...module,
      ...draft,
      ports: [...module.ports, ...ports.map((p) => ({ ...p, location: module.location }))],
    },
    ports: { ...design.ports, ...Object.fromEntries(handles) } as I & Probes<N>,
  };
}

function add<N extends Node>(draft: Draft, node: N): N {
  const placed = { ...node, id: draft.nodes.length };
  draft.nodes.push(placed);
  return placed;
}

/** A combinational read of every word. */
function words(draft: Draft, memory: Memory, { location }: Module): (readonly [string, Node])[] {
  const { depth, width } = memory;
  const { clock } = memory.writes[0]!;
  const addressBits = memory.writes[0]!.address.width;
  const reads = Array.from({ length: depth }, (_, i) => {
    const address = add(draft, { tag: 'const', width: addressBits, signed: false, value: BigInt(i), id: 0, location });
    const node = add(draft, { tag: 'read', width, signed: false, id: 0, location });
    return { node, clock, address, kind: 'combinational', enable: undefined, underWrite: 'old' } as const;
  });
  const wider = { ...memory, reads: [...memory.reads, ...reads] };
  draft.memories = draft.memories.map((m) => (m === memory ? wider : m));
  return reads.map((r, i) => [`${memory.name}_${i}`, r.node] as const);
}
