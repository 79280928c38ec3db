/** For tests: modules of the intermediate representation built by hand, below the typed front end. */
import {
  type BitType,
  type Clock,
  controlPorts,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type Port,
  type Property,
  type Register,
} from '../../gen/ir.ts';
import { Location } from '../../gen/location.ts';

type Draft<N> = N extends Node ? Omit<N, 'id' | 'location'> : never;

export interface Sketch {
  readonly name: string;
  node<D extends Draft<Node>>(draft: D): Extract<Node, { readonly tag: D['tag'] }>;
  input(port: string, type: BitType): Node;
  output(port: string, node: Node): void;
  /** On `clk`, without initial value, unless stated. */
  register(node: Omit<Register, 'clock' | 'init'> & Partial<Pick<Register, 'clock' | 'init'>>): void;
  property(kind: Property['kind'], name: string, condition: Node, clock?: Clock): void;
  readonly names: Map<Node, string>;
  readonly drivers: Map<Node, Node>;
  readonly memories: Memory[];
  readonly registers: readonly Register[];
  readonly properties: readonly Property[];
  readonly instances: Instance[];
  finish(clocks?: readonly Clock[]): Module;
}

export const u = (width: number): BitType => ({ width, signed: false });
export const s = (width: number): BitType => ({ width, signed: true });
export const clk: Clock = { clock: 'clk', reset: 'rst', resetStyle: 'synchronous' };

/** An instance's clocks and resets, each that of the same name around it. */
export const sameClocks = ({ clocks }: Module): ReadonlyMap<string, string> =>
  new Map(controlPorts(clocks).map((port) => [port, port]));

/** Those of `clocks` that something runs on. */
export function usedClocks(
  { registers, memories, properties, instances }: Sketch,
  clocks: readonly Clock[],
): readonly Clock[] {
  const used = new Set([
    ...[...registers, ...properties, ...memories.flatMap((m) => [...m.reads, ...m.writes])].map((x) => x.clock.clock),
    ...instances.flatMap((i) => i.module.clocks.map((c) => i.clocks.get(c.clock)!)),
  ]);
  return clocks.filter((c) => used.has(c.clock));
}

export function sketch(name: string): Sketch {
  const location = Location.capture(sketch);
  const nodes: Node[] = [];
  const ports: Port[] = [];
  const registers: Register[] = [];
  const properties: Property[] = [];
  const outputs = new Map<string, Node>();
  const names = new Map<Node, string>();
  const drivers = new Map<Node, Node>();
  const memories: Memory[] = [];
  const instances: Instance[] = [];
  const node: Sketch['node'] = (draft) => {
    const made = { ...draft, id: nodes.length, location: Location.capture(node) } as unknown as Node;
    nodes.push(made);
    return made as never;
  };
  const port = (port: string, { width, signed }: BitType, direction: 'input' | 'output') =>
    ports.push({ name: port, width, signed, direction, doc: '', location });
  const property: Sketch['property'] = (kind, name, condition, clock = clk) => {
    const message = `${name} is broken`;
    properties.push({ kind, name, message, clock, condition, location: Location.capture(property) });
  };
  return {
    name,
    node,
    input: (name, type) => {
      port(name, type, 'input');
      return node({ tag: 'input', port: name, ...type });
    },
    output: (name, driver) => {
      port(name, driver, 'output');
      const net = node({ tag: 'wire', width: driver.width, signed: driver.signed });
      drivers.set(net, driver);
      names.set(net, name);
      outputs.set(name, net);
    },
    register: (register) => registers.push({ clock: clk, init: undefined, ...register }),
    property,
    names,
    drivers,
    memories,
    instances,
    registers,
    properties,
    finish: (clocks = registers.length + memories.length + properties.length > 0 ? [clk] : []) => ({
      ...{ name, doc: '', clocks, ports, nodes, registers, memories, instances, properties },
      ...{ drivers, outputs, names, comments: new Map(), displays: new Map(), location },
    }),
  };
}
