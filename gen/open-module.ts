/** What the body of a module has made so far. */
import type { Diagnostic } from './diagnostic.ts';
import type { ClockDomain } from './domain.ts';
import type { NodeFactory } from './factory.ts';
import type { Crossing, Display, Instance, Memory, Node, Property, Reg } from './ir.ts';
import type { Location } from './location.ts';
import { unknownDomain } from './mistakes-clock.ts';
import type { Dropped } from './passes/usage.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { LeafShape } from './shape.ts';
import type { UInt } from './signal.ts';

export interface OpenRegister {
  readonly node: Reg;
  readonly clock: ClockDomain;
  readonly enable: UInt | undefined;
  readonly reset: bigint | undefined;
  readonly init: bigint | undefined;
  readonly crossing: Crossing | undefined;
}

/** All but the assignments, which branches.ts keeps. */
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

/** A net, to be driven; `what` messages call it, undefined: an input of an instance. */
export function openNet(
  open: OpenModule,
  factory: NodeFactory,
  type: LeafShape,
  what: string | undefined,
  name: string | undefined,
  location: Location,
): Node {
  const node = factory.create({ tag: 'wire', width: type.width, signed: type.signed }, location);
  if (name !== undefined) factory.name(node, name, type);
  open.wires.set(node, what);
  return node;
}

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
