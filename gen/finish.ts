/** The end of a body: what is open is checked and closed, and becomes a `Module`. */
import type { Branches } from './branches.ts';
import { DesignError } from './diagnostic.ts';
import { domainOf } from './domain.ts';
import type { NodeFactory } from './factory.ts';
import { type FlatPort, flatPorts, type Interface } from './interface.ts';
import { controlPorts, type Module, type Node, type Register } from './ir.ts';
import { memoryMistakes } from './memory.ts';
import { nameTrouble, partlyDriven, portName, undriven, wrongName } from './mistakes.ts';
import { resetStyles } from './mistakes-clock.ts';
import { checkDomain, type OpenModule, targetName } from './open-module.ts';
import { order } from './passes/combinational.ts';
import { checkDomains } from './passes/domains.ts';
import { checkUsage } from './passes/usage.ts';
import { assignedValue, byTarget, registerInput, type Statement } from './statements.ts';
import { identifier } from './verilog/names.ts';

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
    if (domain !== 'asynchronous') checkDomain(open, domain, `port ${port.name}`, port.location);
    return { ...port, domain };
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
  const controls = controlPorts(domains).map((name) => ({ name, location }));
  for (const { name, location: at } of [...controls, ...ports]) {
    const taken = seen.has(name);
    if (taken || identifier(name) !== name) diagnostics.push(portName(name, nameTrouble(taken), at));
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
