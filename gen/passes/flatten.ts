/**
 * Dissolves the hierarchy: one flat list of nodes in which every operand precedes its users.
 *
 * Wires, instance results and the input ports of sub-modules are followed to their drivers and disappear; instance paths
 * become dotted prefixes of names (`lane_0.acc`). Logic that no output port and no property depends on is dropped. Linear in the size of the elaborated design.
 */
import { DesignError } from '../diagnostic.ts';
import type { BitType, Clock, Display, Input, Memory, Module, Node, Property, ReadPort, Register } from '../ir.ts';
import type { Location } from '../location.ts';
import { blackBoxModel } from '../mistakes.ts';
import { type Found, nodeBuilder } from './build.ts';
import { pathsOf } from './combinational.ts';
import { hierarchy } from './hierarchy.ts';
import { namedPlaces, nameNodes } from './net-names.ts';
import { clockAtTop, elaborate, nameOf, type Place, type Scope } from './scopes.ts';

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
  /**
   * Names are hierarchical; read ports nobody looks at are dropped. The node of a combinational read stands among `nodes`
   * behind its address.
   */
  readonly memories: readonly Memory[];
  /** Of all instances; names are hierarchical, in one namespace made unique. */
  readonly properties: readonly Property[];
  /** Every named net by hierarchical name, the ports of instances included. Several names may denote one node. */
  readonly names: ReadonlyMap<string, Node>;
  /** Of the named nets, those that are more than an integer. */
  readonly displays: ReadonlyMap<string, Display>;
}

export interface FlattenOptions {
  /** What must survive: what the ports depend on (default), or everything that has a name besides. */
  readonly keep?: 'ports' | 'named';
  /** Whether properties survive, with the logic they look at; default `keep`. */
  readonly properties?: 'keep' | 'drop';
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

/** Throws where nobody has said what a black box does. */
function refuseUnmodelled(top: Module): void {
  const boxes = hierarchy(top).filter((m) => m.blackBox?.modelled === false);
  if (boxes.length > 0)
    throw new DesignError(
      `module ${top.name}`,
      boxes.map((m) => blackBoxModel(m.name, m.location)),
    );
}

/**
 * Flattens `module`. Throws a `DesignError` when a signal depends on itself within a cycle, even in logic that is
 * dropped afterwards.
 */
export function flatten(module: Module, options: FlattenOptions = {}): FlatDesign {
  refuseUnmodelled(module);
  pathsOf(module);
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

  const properties = options.properties === 'drop' ? [] : collectProperties(scopes, build);
  const state = collectState(found, build, options.keep === 'named' ? scopes : []);
  const live = nodes.length;
  for (const scope of scopes) for (const node of scope.module.drivers.keys()) build({ scope, node });
  for (const scope of scopes) for (const node of scope.tables.results.keys()) build({ scope, node });
  const { names, displays, registers: registerNames } = nameNodes(scopes, live);
  nodes.length = live;
  return {
    name: module.name,
    clocks: module.clocks,
    inputs,
    outputs,
    nodes,
    registers: state.registers.map((r) => Object.assign(r, { name: registerNames.get(r.node) })),
    memories: state.memories,
    properties,
    names,
    displays,
  };
}

/** The properties of all instances, parents before children. */
function collectProperties(scopes: readonly Scope[], build: (place: Place) => Node): Property[] {
  const taken = new Set<string>();
  return scopes.flatMap((scope) =>
    scope.module.properties.map((p): Property => {
      let name = scope.prefix + p.name;
      for (let n = 1; taken.has(name); n++) name = `${scope.prefix}${p.name}_${n}`;
      taken.add(name);
      return { ...p, name, clock: clockAtTop(scope, p.clock), condition: build({ scope, node: p.condition }) };
    }),
  );
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
      ...w,
      clock: clockAtTop(scope, w.clock),
      address: value(w.address),
      data: value(w.data),
      enable: value(w.enable),
      mask: w.mask === undefined ? undefined : value(w.mask),
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
      const clock = clockAtTop(scope, register.clock);
      registers.push({ ...register, clock, node: flat, next: value(register.next)!, enable: value(register.enable) });
    } else {
      const { memory, read } = scope.tables.reads.get(node)!;
      const clock = clockAtTop(scope, read.clock);
      const port = { ...read, clock, node: flat, address: value(read.address)!, enable: value(read.enable) };
      flatMemory(scope, memory).reads.push(port);
    }
  }
  return { registers, memories: [...memories.values()].flatMap((m) => [...m.values()]) };
}
