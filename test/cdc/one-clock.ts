/**
 * A module of several clocks as one of a single clock, for provers: a free input `edge_<clock>` says whether that clock's
 * edge falls on a step, any of them together. Where a value is taken at the very edge at which it changes, a free input
 * `choice_<register>` says of each bit whether the old or the new one is seen, as in hardware.
 */
import {
  bit,
  type Clock,
  type Design,
  type Interface,
  input,
  type Module,
  type Node,
  type PortSpec,
  type Register,
  uint,
} from '../../gen/index.ts';

const clk: Clock = { clock: 'clk', reset: 'rst', resetStyle: 'synchronous' };

interface Draft {
  readonly module: Module;
  readonly nodes: Node[];
  /** Free inputs by name. */
  readonly free: Map<string, Node>;
}

export function oneClock({ module, ports }: Design): Design {
  if (module.instances.length > 0) throw new Error(`${module.name} has instances`);
  const draft: Draft = { module, nodes: [...module.nodes], free: new Map() };
  const registers = module.registers.map((r) => single(draft, r));
  const memories = module.memories.map((m) => ({
    ...m,
    reads: m.reads.map((r) => ({ ...r, clock: clk, enable: gated(draft, r.clock, r.enable) })),
    writes: m.writes.map((w) => ({ ...w, clock: clk, enable: gated(draft, w.clock, w.enable) })),
  }));
  const added = [...draft.free].map(([name, { width }]): [string, PortSpec] => [name, input(uint(width), '')]);
  const unplaced = Object.entries(ports).map(([name, { domain: _, ...port }]): [string, PortSpec] => [
    name,
    port as PortSpec,
  ]);
  return {
    module: {
      ...module,
      clocks: [clk],
      nodes: draft.nodes,
      registers,
      memories,
      ports: [
        ...module.ports.map(({ domain: _, ...port }) => port),
        ...[...draft.free].map(([name, { width, location }]) => ({
          ...({ name, direction: 'input', width, signed: false, doc: '', location } as const),
        })),
      ],
    },
    ports: Object.fromEntries([...unplaced, ...added]) as Interface,
  };
}

type Without = Omit<Node, 'id' | 'location'> & Record<string, unknown>;

function add(draft: Draft, node: Without): Node {
  const placed = { ...node, id: draft.nodes.length, location: draft.module.location } as unknown as Node;
  draft.nodes.push(placed);
  return placed;
}

function free(draft: Draft, port: string, width: number): Node {
  const known = draft.free.get(port) ?? add(draft, { tag: 'input', port, width, signed: false });
  draft.free.set(port, known);
  return known;
}

const edgeOf = (draft: Draft, clock: Clock): Node => free(draft, `edge_${clock.clock}`, bit.width);

function gated(draft: Draft, clock: Clock, enable: Node | undefined): Node {
  const edge = edgeOf(draft, clock);
  return enable === undefined ? edge : add(draft, { tag: 'and', width: 1, signed: false, a: edge, b: enable });
}

function single(draft: Draft, r: Register): Register {
  const taken = r.crossing === 'bit' || r.crossing === 'gray' ? seen(draft, r) : r.next;
  return { ...r, clock: clk, crossing: undefined, next: taken, enable: gated(draft, r.clock, r.enable) };
}

/** What a register may see of another that changes at the same time: bit by bit the old or the new value. */
function seen(draft: Draft, r: Register): Node {
  const { module } = draft;
  let driver = r.next;
  while (driver.tag === 'wire') driver = module.drivers.get(driver)!;
  const source = module.registers.find((s) => s.node === driver);
  if (source === undefined) return r.next;
  const { width } = r.node;
  const type = { width, signed: false };
  const select = gated(draft, source.clock, source.enable);
  const next = add(draft, { tag: 'mux', ...type, select, a: source.next, b: source.node });
  const choice = free(draft, `choice_${module.names.get(r.node)}`, width);
  const changed = add(draft, { tag: 'xor', ...type, a: next, b: source.node });
  const shown = add(draft, { tag: 'and', ...type, a: changed, b: choice });
  return add(draft, { tag: 'xor', ...type, a: source.node, b: shown });
}
