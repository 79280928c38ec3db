/** The elaborated tree of instances, and where in it the value of a net comes from. */
import {
  type Clock,
  controlPorts,
  type Input,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type ReadPort,
  type Register,
} from '../ir.ts';

/** What has to be looked up in a module, made once for all its instances. */
export interface Tables {
  readonly inputs: readonly Input[];
  readonly results: ReadonlyMap<Node, { readonly instance: Instance; readonly port: string }>;
  readonly registers: ReadonlyMap<Node, Register>;
  readonly reads: ReadonlyMap<Node, { readonly memory: Memory; readonly read: ReadPort }>;
}

/** One instance of a module in the elaborated tree. */
export interface Scope {
  readonly module: Module;
  readonly tables: Tables;
  /** Empty for the top, else the instance path with a trailing dot. */
  readonly prefix: string;
  readonly parent: Scope | undefined;
  readonly instance: Instance | undefined;
  /** The top's clock and reset port for each of the module's own. */
  readonly controls: ReadonlyMap<string, string>;
  readonly children: Map<Instance, Scope>;
  /** Flat node by the id of the module's node. */
  readonly flat: (Node | undefined)[];
}

export interface Place {
  readonly scope: Scope;
  readonly node: Node;
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
export function elaborate(top: Module): Scope[] {
  const tables = new Map<Module, Tables>();
  const open = (module: Module, prefix: string, parent?: Scope, instance?: Instance): Scope => {
    let shared = tables.get(module);
    if (shared === undefined) {
      shared = tablesOf(module);
      tables.set(module, shared);
    }
    const count = module.nodes.length;
    const flat = new Array<Node | undefined>(count).fill(undefined);
    const controls = new Map(
      controlPorts(module.clocks).map((port) => [port, parent?.controls.get(instance!.clocks.get(port)!) ?? port]),
    );
    return { module, tables: shared, prefix, parent, instance, controls, children: new Map(), flat };
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

/** A clock of the scope's module as the top has it. */
export function clockAtTop({ controls }: Scope, c: Clock): Clock {
  const [clock, reset] = [controls.get(c.clock)!, controls.get(c.reset)!];
  return clock === c.clock && reset === c.reset ? c : { ...c, clock, reset };
}

/** Where the value of a net without logic of its own comes from; undefined for every other node. */
export function driverOf({ scope, node }: Place): Place | undefined {
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

export function nameOf({ scope, node }: Place): string {
  const own = scope.module.names.get(node) ?? (node.tag === 'input' ? node.port : undefined);
  if (own !== undefined) return scope.prefix + own;
  const result = node.tag === 'result' ? scope.tables.results.get(node) : undefined;
  return result === undefined
    ? `${scope.prefix}(${node.tag})`
    : `${scope.prefix}${result.instance.name}.${result.port}`;
}
