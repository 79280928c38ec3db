/**
 * Dissolves the hierarchy: one flat list of nodes in which every operand precedes its users.
 *
 * Wires, instance results and the input ports of sub-modules are followed to their drivers and disappear; instance paths
 * become dotted prefixes of names (`lane_0.acc`). Logic that no output port depends on is dropped. Depth-first with an
 * explicit stack, linear in the size of the elaborated design.
 */
import {
  type BitType,
  type Clock,
  type Input,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type NodeOf,
  operandsOf,
  type ReadPort,
  type Register,
  type Tag,
} from '../ir.ts';
import type { Location } from '../location.ts';

/** A port of the flat design: its `input` node, or the node that drives the output. */
export interface FlatPort extends BitType {
  readonly name: string;
  readonly node: Node;
}

export interface FlatRegister extends Register {
  /** Hierarchical name; undefined when the register has none. */
  readonly name: string | undefined;
}

export interface FlatDesign {
  readonly name: string;
  readonly clocks: readonly Clock[];
  /** The clocks' resets first, then the module's input ports in their order. */
  readonly inputs: readonly FlatPort[];
  readonly outputs: readonly FlatPort[];
  /** Operands before users; `id` is the position here. No `wire` and no `result` is among them. */
  readonly nodes: readonly Node[];
  readonly registers: readonly FlatRegister[];
  /** Names are hierarchical; read ports nobody looks at are dropped. */
  readonly memories: readonly Memory[];
  /** Every named net by hierarchical name, the ports of instances included. Several names may denote one node. */
  readonly names: ReadonlyMap<string, Node>;
}

export interface FlattenOptions {
  /** What must survive: what the ports depend on (default), or everything that has a name besides. */
  readonly keep?: 'ports' | 'named';
}

const expected = 'a register on every cycle of signals';
const remedy = 'put a register into the path, or compute one of these signals without the others';

/** A combinational loop: always the design's fault, hence exit status 2. */
export class CombinationalLoop extends Error {
  readonly status = 2 as const;
  readonly id = 'combinational-loop' as const;
  readonly what: string;
  readonly where: string;
  readonly expected = expected;
  readonly found: string;
  readonly remedy = remedy;

  constructor(signals: readonly string[]) {
    const where = signals[0]!;
    const what = `combinational loop through ${signals.length} signals`;
    const found = [...signals, where].join('\n              <- ');
    super(`${what}\n  where:    ${where}\n  expected: ${expected}\n  found:    ${found}\n  remedy:   ${remedy}`);
    this.name = 'CombinationalLoop';
    this.what = what;
    this.where = where;
    this.found = found;
  }
}

/** What has to be looked up in a module, made once for all its instances. */
interface Tables {
  readonly inputs: readonly Input[];
  readonly results: ReadonlyMap<Node, { readonly instance: Instance; readonly port: string }>;
  readonly registers: ReadonlyMap<Node, Register>;
  readonly reads: ReadonlyMap<Node, { readonly memory: Memory; readonly read: ReadPort }>;
}

/** One instance of a module in the elaborated tree. */
interface Scope {
  readonly module: Module;
  readonly tables: Tables;
  /** Empty for the top, else the instance path with a trailing dot. */
  readonly prefix: string;
  readonly parent: Scope | undefined;
  readonly instance: Instance | undefined;
  readonly children: Map<Instance, Scope>;
  /** Flat node by the id of the module's node. */
  readonly flat: (Node | undefined)[];
  /** 1 while a node's operands are being visited. */
  readonly busy: Uint8Array;
}

interface Place {
  readonly scope: Scope;
  readonly node: Node;
}
interface Frame extends Place {
  /** All operands live in one scope: the node's own, or that of its driver. */
  readonly from: Scope;
  readonly operands: readonly Node[];
  next: number;
}

function tablesOf(module: Module): Tables {
  const results = new Map<Node, { instance: Instance; port: string }>();
  for (const instance of module.instances) {
    for (const [port, node] of instance.results) results.set(node, { instance, port });
  }
  const reads = new Map<Node, { memory: Memory; read: ReadPort }>();
  for (const memory of module.memories) for (const read of memory.reads) reads.set(read.node, { memory, read });
  return {
    inputs: module.nodes.filter((n): n is Input => n.tag === 'input'),
    results,
    registers: new Map(module.registers.map((r) => [r.node, r])),
    reads,
  };
}

/** All instances, parents before children, in order of creation. */
function elaborate(top: Module): Scope[] {
  const tables = new Map<Module, Tables>();
  const open = (module: Module, prefix: string, parent?: Scope, instance?: Instance): Scope => {
    let shared = tables.get(module);
    if (shared === undefined) {
      shared = tablesOf(module);
      tables.set(module, shared);
    }
    const count = module.nodes.length;
    const flat = new Array<Node | undefined>(count).fill(undefined);
    return { module, tables: shared, prefix, parent, instance, children: new Map(), flat, busy: new Uint8Array(count) };
  };
  const scopes = [open(top, '')];
  for (let i = 0; i < scopes.length; i++) {
    const scope = scopes[i]!;
    for (const instance of scope.module.instances) {
      const child = open(instance.module, `${scope.prefix}${instance.name}.`, scope, instance);
      scope.children.set(instance, child);
      scopes.push(child);
    }
  }
  return scopes;
}

/** Where the value of a net without logic of its own comes from; undefined for every other node. */
function driverOf({ scope, node }: Place): Place | undefined {
  if (node.tag === 'wire') {
    const driver = scope.module.drivers.get(node);
    if (driver === undefined) throw new Error(`wire ${nameOf({ scope, node })} has no driver (${node.location})`);
    return { scope, node: driver };
  }
  if (node.tag === 'result') {
    const { instance, port } = scope.tables.results.get(node)!;
    const child = scope.children.get(instance)!;
    const driver = child.module.outputs.get(port);
    if (driver === undefined) throw new Error(`output ${child.prefix}${port} has no driver (${instance.location})`);
    return { scope: child, node: driver };
  }
  if (node.tag === 'input' && scope.parent !== undefined) {
    const driver = scope.instance!.inputs.get(node.port);
    return driver === undefined ? undefined : { scope: scope.parent, node: driver };
  }
  return undefined;
}

function nameOf({ scope, node }: Place): string {
  const own = scope.module.names.get(node) ?? (node.tag === 'input' ? node.port : undefined);
  if (own !== undefined) return scope.prefix + own;
  const result = node.tag === 'result' ? scope.tables.results.get(node) : undefined;
  return result === undefined
    ? `${scope.prefix}(${node.tag})`
    : `${scope.prefix}${result.instance.name}.${result.port}`;
}

type Rebuild = { readonly [T in Tag]: (node: NodeOf<T>, id: number, operands: readonly Node[]) => Node };

const leaf = <N extends Node>(node: N, id: number): Node => ({ ...node, id });
const unary = (node: NodeOf<'not'>, id: number, [a]: readonly Node[]): Node => {
  const { tag, width, signed, location } = node;
  return { tag, width, signed, location, id, a: a! };
};
const binary = (node: NodeOf<'add'>, id: number, [a, b]: readonly Node[]): Node => {
  const { tag, width, signed, location } = node;
  return { tag, width, signed, location, id, a: a!, b: b! };
};
const gone = (node: Node): Node => {
  throw new Error(`internal: ${node.tag} in a flat design`);
};

const rebuild: Rebuild = {
  const: leaf,
  input: leaf,
  reg: leaf,
  read: leaf,
  wire: gone,
  result: gone,
  not: unary,
  popcount: unary,
  any: unary,
  parity: unary,
  resize: unary,
  slice: ({ tag, width, signed, location, low }, id, [a]) => ({ tag, width, signed, location, id, low, a: a! }),
  add: binary,
  sub: binary,
  mul: binary,
  and: binary,
  or: binary,
  xor: binary,
  eq: binary,
  lt: binary,
  shl: binary,
  shr: binary,
  mux: (node, id, [select, a, b]) => {
    const { tag, width, signed, location } = node;
    return { tag, width, signed, location, id, select: select!, a: a!, b: b! };
  },
  cat: (node, id, parts) => ({ ...node, id, parts }),
};

/** A register or read port that turned up: what feeds it is built afterwards. */
interface Found extends Place {
  readonly flat: NodeOf<'reg' | 'read'>;
}

/** Builds flat nodes on demand, operands first, and notes the state it meets in `found`. */
function nodeBuilder(inputs: ReadonlyMap<string, Node>, nodes: Node[], found: Found[]): (root: Place) => Node {
  const append = (node: Node, operands: readonly Node[]): Node => {
    const build = rebuild[node.tag] as (n: Node, id: number, o: readonly Node[]) => Node;
    const flat = build(node, nodes.length, operands);
    nodes.push(flat);
    return flat;
  };
  const typed = (value: Node, { width, signed, location }: Node): Node =>
    value.width === width && value.signed === signed
      ? value
      : append({ tag: 'resize', width, signed, location, id: 0, a: value }, [value]);
  const finish = ({ scope, node, from, operands }: Frame): Node => {
    const values = operands.map((o) => from.flat[o.id]!);
    if (node.tag === 'wire' || node.tag === 'result') return typed(values[0]!, node);
    if (node.tag !== 'input') {
      const flat = append(node, values);
      if (flat.tag === 'reg' || flat.tag === 'read') found.push({ scope, node, flat });
      return flat;
    }
    if (values.length > 0) return typed(values[0]!, node);
    const port = inputs.get(node.port);
    if (port === undefined) throw new Error(`input ${scope.prefix}${node.port} is not connected (${node.location})`);
    return port;
  };
  const stack: Frame[] = [];
  const visit = (scope: Scope, node: Node) => {
    if (scope.flat[node.id] !== undefined) return;
    if (scope.module.nodes[node.id] !== node) {
      throw new Error(`${node.tag} (${node.location}) is used in ${scope.module.name} but belongs to another module`);
    }
    if (scope.busy[node.id] === 1) throw loopError(stack, { scope, node });
    scope.busy[node.id] = 1;
    const driver = driverOf({ scope, node });
    const operands = driver === undefined ? operandsOf(node) : [driver.node];
    stack.push({ scope, node, from: driver?.scope ?? scope, operands, next: 0 });
  };
  return (root) => {
    visit(root.scope, root.node);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      if (frame.next < frame.operands.length) {
        visit(frame.from, frame.operands[frame.next++]!);
      } else {
        frame.scope.flat[frame.node.id] = finish(frame);
        frame.scope.busy[frame.node.id] = 0;
        stack.pop();
      }
    }
    return root.scope.flat[root.node.id]!;
  };
}

/**
 * The frames from the first visit of `again` to the top of the stack are the loop: each computes from the next. Nets
 * without a name, which only connect, are left out.
 */
function loopError(stack: readonly Frame[], again: Place): CombinationalLoop {
  const first = stack.findIndex((f) => f.node === again.node && f.scope === again.scope);
  const loop = stack.slice(first);
  const signals = loop.filter((f) => f.node.tag !== 'wire' || f.scope.module.names.has(f.node));
  return new CombinationalLoop((signals.length > 0 ? signals : loop).map((p) => `${nameOf(p)} (${p.node.location})`));
}

/** The clocks' resets, then the module's input ports. */
function topInputs(module: Module, nodes: Node[]): FlatPort[] {
  const ports: FlatPort[] = [];
  const add = (name: string, width: number, signed: boolean, location: Location) => {
    const node: Input = { tag: 'input', port: name, width, signed, location, id: nodes.length };
    nodes.push(node);
    ports.push({ name, width, signed, node });
  };
  for (const reset of new Set(module.clocks.map((c) => c.reset))) add(reset, 1, false, module.location);
  for (const p of module.ports) if (p.direction === 'input') add(p.name, p.width, p.signed, p.location);
  return ports;
}

/** Named nets of one scope in a fixed order: ports, then the names asked for. */
function* namedPlaces(scope: Scope): Generator<readonly [string, Place]> {
  for (const node of scope.tables.inputs) yield [node.port, { scope, node }];
  for (const [port, node] of scope.module.outputs) yield [port, { scope, node }];
  for (const [node, name] of scope.module.names) yield [name, { scope, node }];
}

/** Hierarchical names of the surviving nodes; a second net of the same name gets a number. */
function nameNodes(scopes: readonly Scope[], live: number) {
  const names = new Map<string, Node>();
  const registers = new Map<Node, string>();
  for (const scope of scopes) {
    for (const [name, place] of namedPlaces(scope)) {
      const flat = scope.flat[place.node.id];
      if (flat === undefined || flat.id >= live) continue;
      let full = scope.prefix + name;
      for (let n = 1; names.has(full) && names.get(full) !== flat; n++) full = `${scope.prefix}${name}_${n}`;
      names.set(full, flat);
      if (place.node.tag === 'reg') registers.set(flat, full);
    }
  }
  return { names, registers };
}

/**
 * Flattens `module`. Throws `CombinationalLoop` when a signal depends on itself within a cycle, even in logic that is
 * dropped afterwards.
 */
export function flatten(module: Module, options: FlattenOptions = {}): FlatDesign {
  const scopes = elaborate(module);
  const top = scopes[0]!;
  const nodes: Node[] = [];
  const found: Found[] = [];
  const inputs = topInputs(module, nodes);
  const build = nodeBuilder(new Map(inputs.map((p) => [p.name, p.node])), nodes, found);

  const outputs = module.ports
    .filter((p) => p.direction === 'output')
    .map((p): FlatPort => {
      const node = module.outputs.get(p.name);
      if (node === undefined) throw new Error(`output ${p.name} has no driver (${p.location})`);
      return { name: p.name, width: p.width, signed: p.signed, node: build({ scope: top, node }) };
    });
  if (options.keep === 'named') for (const scope of scopes) for (const [, place] of namedPlaces(scope)) build(place);

  const state = collectState(found, build, options.keep === 'named' ? scopes : []);
  const live = nodes.length;
  for (const scope of scopes) for (const node of scope.module.drivers.keys()) build({ scope, node });
  for (const scope of scopes) for (const node of scope.tables.results.keys()) build({ scope, node });
  const { names, registers: registerNames } = nameNodes(scopes, live);
  nodes.length = live;
  return {
    name: module.name,
    clocks: module.clocks,
    inputs,
    outputs,
    nodes,
    registers: state.registers.map((r) => ({ ...r, name: registerNames.get(r.node) })),
    memories: state.memories,
    names,
  };
}

interface FlatMemory extends Memory {
  readonly reads: ReadPort[];
}

/** Registers and memories that live nodes read, and the logic that feeds them, until nothing new turns up. */
function collectState(found: readonly Found[], build: (place: Place) => Node, scopes: readonly Scope[]) {
  const registers: Register[] = [];
  const memories = new Map<Scope, Map<Memory, FlatMemory>>();
  const flatMemory = (scope: Scope, memory: Memory): FlatMemory => {
    const inScope = memories.get(scope) ?? new Map<Memory, FlatMemory>();
    memories.set(scope, inScope);
    const known = inScope.get(memory);
    if (known !== undefined) return known;
    const value = (node: Node) => build({ scope, node });
    const writes = memory.writes.map((w) => ({
      address: value(w.address),
      data: value(w.data),
      enable: value(w.enable),
    }));
    const flat: FlatMemory = { ...memory, name: scope.prefix + memory.name, reads: [], writes };
    inScope.set(memory, flat);
    return flat;
  };
  for (const scope of scopes) for (const memory of scope.module.memories) flatMemory(scope, memory);
  // `found` grows while the logic behind its entries is built.
  for (let i = 0; i < found.length; i++) {
    const { scope, node, flat } = found[i]!;
    const value = (n: Node | undefined) => (n === undefined ? undefined : build({ scope, node: n }));
    if (flat.tag === 'reg') {
      const register = scope.tables.registers.get(node);
      if (register === undefined)
        throw new Error(`register ${nameOf({ scope, node })} has no driver (${node.location})`);
      registers.push({ ...register, node: flat, next: value(register.next)!, enable: value(register.enable) });
    } else {
      const { memory, read } = scope.tables.reads.get(node)!;
      const port = { node: flat, address: value(read.address)!, enable: value(read.enable) };
      flatMemory(scope, memory).reads.push(port);
    }
  }
  return { registers, memories: [...memories.values()].flatMap((m) => [...m.values()]) };
}
