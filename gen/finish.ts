/** The end of a body: what is open is checked and closed, and becomes a `Module`. */
import type { Branches } from './branches.ts';
import { DesignError, type Diagnostic } from './diagnostic.ts';
import { type ClockDomain, domainOf } from './domain.ts';
import type { NodeFactory } from './factory.ts';
import { type FlatPort, flatPorts, type Interface } from './interface.ts';
import {
  type Crossing,
  controlPorts,
  type Display,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type Property,
  type Reg,
  type Register,
} from './ir.ts';
import type { Location } from './location.ts';
import { memoryMistakes } from './memory.ts';
import { nameTrouble, partlyDriven, portName, undriven, wrongName } from './mistakes.ts';
import { resetStyles, unknownDomain } from './mistakes-clock.ts';
import { order } from './passes/combinational.ts';
import { checkDomains } from './passes/domains.ts';
import { checkUsage, type Dropped } from './passes/usage.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { UInt } from './signal.ts';
import { assignedValue, byTarget, registerInput, type Statement } from './statements.ts';
import { identifier } from './verilog/names.ts';

export interface OpenRegister {
  readonly node: Reg;
  readonly clock: ClockDomain;
  readonly enable: UInt | undefined;
  readonly reset: bigint | undefined;
  readonly init: bigint | undefined;
  readonly crossing: Crossing | undefined;
}

/** What a body has made so far, apart from its assignments. */
export interface OpenModule {
  readonly location: Location;
  readonly domains: readonly [ClockDomain, ...ClockDomain[]];
  readonly usedDomains: Set<ClockDomain>;
  readonly nodes: Node[];
  readonly registers: OpenRegister[];
  readonly memories: Memory[];
  readonly pipelines: OpenPipeline[];
  readonly instances: Instance[];
  readonly properties: Property[];
  /** Nets to be driven, and what messages call them; undefined: inputs of instances. */
  readonly wires: Map<Node, string | undefined>;
  readonly outputs: Map<string, Node>;
  readonly names: Map<Node, string>;
  readonly comments: Map<Node, string>;
  readonly displays: Map<Node, Display>;
  /** Bits that are meant to have no use. */
  readonly dropped: Dropped[];
  readonly diagnostics: Diagnostic[];
}

export const openModule = (location: Location, domains: readonly [ClockDomain, ...ClockDomain[]]): OpenModule => ({
  location,
  domains,
  usedDomains: new Set(),
  nodes: [],
  registers: [],
  memories: [],
  pipelines: [],
  instances: [],
  properties: [],
  wires: new Map(),
  outputs: new Map(),
  names: new Map(),
  comments: new Map(),
  displays: new Map(),
  dropped: [],
  diagnostics: [],
});

/** What messages call a net or a register. */
export function targetName({ wires, instances, names }: OpenModule, target: Node): string {
  const known = wires.get(target);
  if (known !== undefined) return known;
  for (const { name, inputs } of wires.has(target) ? instances : [])
    for (const [port, net] of inputs) if (net === target) return `input ${port} of instance ${name}`;
  return `register ${names.get(target)}`;
}

export function checkDomain(open: OpenModule, domain: ClockDomain, what: string, location: Location): void {
  if (open.domains.includes(domain)) return;
  const known = open.domains.map((d) => d.name).join(', ');
  open.diagnostics.push(unknownDomain(what, known, domain.name, location));
}

/** The module; throws a `DesignError` with all that is wrong with it. */
export function finishModule(
  spec: { readonly name: string; readonly doc: string; readonly ports: Interface },
  open: OpenModule,
  branches: Branches,
  factory: NodeFactory,
): Module {
  const { location, diagnostics } = open;
  for (const pipeline of open.pipelines) pipeline.finish(open.nodes);
  const ports = flatPorts(spec.ports).map((port) => {
    const domain = domainOf(port, open.domains[0]);
    if (domain !== 'asynchronous') checkDomain(open, domain, `port ${port.name}`, location);
    return { ...port, domain, location };
  });
  checkPorts(open, ports);
  if (identifier(spec.name) !== spec.name)
    diagnostics.push(wrongName('module-name', `a module cannot be called ${spec.name}`, nameTrouble(false), location));
  diagnostics.push(...open.memories.flatMap(memoryMistakes));
  const { drivers, registers } = close(open, branches, factory);
  if (diagnostics.length > 0) throw new DesignError(`module ${spec.name}`, diagnostics);
  const module: Module = {
    name: spec.name,
    doc: spec.doc,
    clocks: open.domains.filter((d) => open.usedDomains.has(d)),
    ports,
    nodes: open.nodes,
    registers,
    memories: open.memories,
    instances: open.instances,
    properties: open.properties,
    drivers,
    outputs: open.outputs,
    names: open.names,
    comments: open.comments,
    displays: open.displays,
    location,
  };
  const graph = order(module);
  const mistakes = [...checkDomains(graph, open.domains), ...checkUsage(graph, open.dropped)];
  if (mistakes.length > 0) throw new DesignError(`module ${spec.name}`, mistakes);
  return module;
}

function checkPorts({ domains, instances, diagnostics, location }: OpenModule, ports: readonly FlatPort[]): void {
  const clocks = new Set(domains.map((d) => d.clock));
  for (const d of domains) {
    if (clocks.has(d.reset)) diagnostics.push(portName(d.reset, 'it is a clock and a reset', d.location));
    const other = domains.find((o) => o.reset === d.reset);
    if (other !== undefined && other.resetStyle !== d.resetStyle) diagnostics.push(resetStyles(other, d));
  }
  const seen = new Set<string>();
  for (const name of [...controlPorts(domains), ...ports.map((p) => p.name)]) {
    const taken = seen.has(name);
    if (taken || identifier(name) !== name) diagnostics.push(portName(name, nameTrouble(taken), location));
    seen.add(name);
  }
  for (const { name, location: at } of instances) {
    if (seen.has(name))
      diagnostics.push(wrongName('instance-name', `an instance cannot be called ${name}`, 'a port has the name', at));
  }
}

/** Drivers of all nets, and all registers, from what was assigned. */
function close(
  open: OpenModule,
  branches: Branches,
  factory: NodeFactory,
): { readonly drivers: Map<Node, Node>; readonly registers: Register[] } {
  const assigned = byTarget(branches.statements);
  const drivers = new Map<Node, Node>();
  for (const net of open.wires.keys()) drivers.set(net, driverOf(open, factory, net, assigned.get(net)));
  const registers = open.registers.map((r): Register => {
    const statements = assigned.get(r.node);
    if (statements === undefined) factory.report(undriven(targetName(open, r.node), r.node.location));
    const value = assignedValue(r.node, statements ?? [], r.node, factory)!;
    return { ...r, ...registerInput(r.node, value, r.enable?.node, factory) };
  });
  return { drivers, registers };
}

/** The value that the statements give a net; the net itself, reported, where they do not. */
function driverOf(
  open: OpenModule,
  module: NodeFactory,
  node: Node,
  statements: readonly Statement[] | undefined,
): Node {
  const value = assignedValue(node, statements ?? [], undefined, module);
  if (value !== undefined) return value;
  const what = targetName(open, node);
  module.report(statements === undefined ? undriven(what, node.location) : partlyDriven(what, node.location));
  return node;
}
