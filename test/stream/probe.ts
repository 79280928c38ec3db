/** Shows the inside of a design to a proof: more output ports, everything else as it is. */
import {
  type Bits,
  type Design,
  type Instance,
  type Interface,
  type Memory,
  type Module,
  type Node,
  type OutputPort,
  output,
  type Result,
  uint,
} from '../../gen/index.ts';

type Flat<N extends string> = N extends `${infer I}.${infer R}` ? `${I}_${Flat<R>}` : N;
type Probes<N extends string> = { readonly [K in N as `probe_${Flat<K>}`]: OutputPort<Bits<'unsigned'>> };

interface Draft {
  readonly nodes: Node[];
  readonly drivers: Map<Node, Node>;
  readonly outputs: Map<string, Node>;
  memories: readonly Memory[];
  instances: readonly Instance[];
}

/** How a probe is called. */
const probeName = (signal: string): string => `probe_${signal.replaceAll('.', '_')}`;

/**
 * The design with an output `probe_<name>` for each of the named unsigned signals, and `probe_<memory>_<address>` for each
 * word of the named memories. A signal of an instance is named `<instance>.<signal>`, and its output `probe_<instance>_<signal>`.
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
    instances: module.instances,
  };
  const shown = signals.flatMap((name): readonly (readonly [string, Node])[] => {
    if (name.includes('.')) return [[name, within(draft, name, module)]];
    const memory = draft.memories.find((m) => m.name === name);
    if (memory !== undefined) return words(draft, memory, module);
    const found = [...module.names].find(([, n]) => n === name)?.[0];
    if (found === undefined) throw new Error(`${module.name} has no signal ${name}`);
    return [[name, found]];
  });
  const ports = shown.map(([name, node]) => {
    const wire = add(draft, { tag: 'wire', width: node.width, signed: false, id: 0, location: module.location });
    draft.drivers.set(wire, node);
    draft.outputs.set(probeName(name), wire);
    return { name: probeName(name), direction: 'output', width: node.width, signed: false, doc: '' } as const;
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

/** A signal of an instance, which becomes one of its results. */
function within(draft: Draft, path: string, { name: top, location }: Module): Node {
  const [first, ...rest] = path.split('.') as [string, ...string[]];
  const instance = draft.instances.find((i) => i.name === first);
  if (instance === undefined) throw new Error(`${top} has no instance ${first}`);
  const signal = rest.join('.');
  const { module } = probe({ module: instance.module, ports: {} } as Design, [signal]);
  const { width } = module.ports.find((p) => p.name === probeName(signal))!;
  const result = add(draft, { tag: 'result', width, signed: false, id: 0, location } as Result);
  const changed = { ...instance, module, results: new Map([...instance.results, [probeName(signal), result]]) };
  draft.instances = draft.instances.map((i) => (i === instance ? changed : i));
  return result;
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
