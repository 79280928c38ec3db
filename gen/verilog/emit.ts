/** One IR module to a Verilog syntax tree: declarations in the order of the design, then instances, drivers and state. */
import { showParameter } from '../black-box.ts';
import { controlPorts, type Module, type Node, type ReadPort, type Register } from '../ir.ts';
import { type Expr, type Item, name, type PortDecl, type Statement, unary, type VerilogModule } from './ast.ts';
import { Expressions, literal } from './expressions.ts';
import { inheritance } from './inherit.ts';
import { memoryDeclaration, memoryProcesses } from './memory.ts';
import { Names } from './names.ts';
import { type Plan, plan } from './plan.ts';
import { Usage, unusedBits } from './usage.ts';

export interface Emitted {
  /** Its items are made as they are asked for, once. */
  readonly module: VerilogModule;
  /** Declared identifiers, and how many of them neither the design nor a name of the design gave; complete after the last item. */
  readonly count: { declared: number; generated: number };
}

/** Verilog names of the modules that an emitted module instantiates. */
export interface ModuleNames {
  of(module: Module): string;
  popcount(width: number): string;
}

/** Define that turns the properties of a design on in its Verilog (SystemVerilog immediate assertions). */
export const assertionsDefine = 'POPSCAN_ASSERTIONS';

export function emitModule(module: Module, modules: ModuleNames): Emitted {
  return new Emitter(module, modules).emit();
}

class Emitter {
  readonly #module: Module;
  readonly #modules: ModuleNames;
  readonly #plan: Plan;
  readonly #names = new Names();
  /** By the id of the node. */
  readonly #nameOf: string[] = [];
  readonly #usage: Usage[] = [];
  /** Clocks and resets. */
  readonly #controls = new Map<string, Usage>();
  readonly #expressions: Expressions;
  #inherited: ReturnType<typeof inheritance> | undefined;
  readonly #memoryOf = new Map<Node, { readonly read: ReadPort; readonly memory: string }>();
  readonly #processed = new Set<Register>();
  readonly #initOf = new Map<Node, Expr>();
  /** Registers that take bits of another clock, and those that let them settle. */
  readonly #synchronising = new Set<Node>();
  readonly #count = { declared: 0, generated: 0 };

  constructor(module: Module, modules: ModuleNames) {
    this.#module = module;
    this.#modules = modules;
    this.#plan = plan(module);
    const nameOf = (node: Node): string | undefined => this.#nameOf[node.id];
    const use = (node: Node, high: number, low: number): void => this.#usage[node.id]?.use(high, low);
    this.#expressions = new Expressions({ nameOf, use }, this.#plan);
    for (const r of module.registers) {
      if (r.crossing !== undefined && r.crossing !== 'held') this.#synchronising.add(r.node);
      if (r.init !== undefined) this.#initOf.set(r.node, literal(r.init, r.node.width, r.node.signed));
    }
  }

  emit(): Emitted {
    const { doc, location } = this.#module;
    return { module: { doc, origin: location, ports: this.#ports(), items: this.#items() }, count: this.#count };
  }

  *#items(): Generator<Item> {
    const module = this.#module;
    for (const port of controlPorts(module.clocks)) this.#controls.set(port, new Usage(this.#names.reserve(port), 1));
    for (const p of module.ports) this.#names.reserve(p.name);
    for (const [port, node] of module.outputs) this.#nameOf[node.id] = port;
    for (const n of module.nodes) if (n.tag === 'input') this.#bind(n, n.port);
    this.#count.declared = this.#controls.size + module.ports.filter((p) => p.direction === 'input').length;
    for (const i of module.instances) this.#names.reserve(i.name);
    const memories = new Map(module.memories.map((m) => [m, this.#names.unique(m.name)]));
    for (const [m, known] of memories) for (const r of m.reads) this.#memoryOf.set(r.node, { read: r, memory: known });
    for (const [m, known] of memories) yield* memoryDeclaration(m, known);
    yield* this.#body(this.#plan.live);
    yield* this.#instances();
    yield* this.#assigns();
    yield* this.#registers();
    for (const [m, known] of memories) {
      for (const port of [...m.reads, ...m.writes]) this.#control(port.clock.clock);
      yield* memoryProcesses(m, known, this.#expressions, (n) => this.#nameOf[n.id]!);
    }
    yield* this.#unusedBits();
    if (module.properties.length > 0) {
      yield { kind: 'blank' };
      yield this.#checks();
    }
  }

  *#unusedBits(): Generator<Item> {
    const all = function* (controls: Iterable<Usage>, nodes: readonly Usage[]): Generator<Usage> {
      yield* controls;
      for (const usage of nodes) if (usage !== undefined) yield usage;
    };
    yield* unusedBits(all(this.#controls.values(), this.#usage), (wish) => this.#names.unique(wish));
  }

  #bind(node: Node, known: string): void {
    this.#nameOf[node.id] = known;
    this.#usage[node.id] = new Usage(known, this.#plan.widthOf(node));
  }

  #declare(node: Node): string {
    const known = this.#wished(node);
    this.#bind(node, known);
    this.#count.declared++;
    return known;
  }

  #wished(node: Node): string {
    const asked = this.#module.names.get(node);
    if (asked !== undefined) return this.#names.unique(asked);
    this.#inherited ??= inheritance(this.#module, this.#plan);
    const { wish, derived } = this.#inherited(node, (n) => this.#nameOf[n.id]);
    const known = this.#names.unique(wish);
    if (!derived || known !== wish) this.#count.generated++;
    return known;
  }

  #ports(): PortDecl[] {
    const control = (port: string, doc: string): PortDecl => ({
      name: port,
      direction: 'input',
      width: 1,
      signed: false,
      doc,
      origin: undefined,
    });
    const { clocks } = this.#module;
    const controls = controlPorts(clocks).map((port) => {
      const styles = new Set(clocks.filter((c) => c.reset === port).map((c) => c.resetStyle));
      return control(
        port,
        styles.size === 0 ? 'clock, rising edge' : `${[...styles].join(' and ')} reset, active high`,
      );
    });
    return [...controls, ...this.#module.ports.map((p) => ({ ...p, origin: p.location }))];
  }

  /** Every declaration, in the order in which the design made the values, with the design's comments. */
  *#body(live: readonly Node[]): Generator<Item> {
    const transparent = new Set<Node>();
    for (const i of this.#module.instances)
      for (const net of i.inputs.values()) if (!this.#plan.isRead(net)) transparent.add(net);
    const comments = [...this.#module.comments].map(([node, text]) => ({ id: node.id, text }));
    let comment = 0;
    for (const node of live) {
      if (this.#nameOf[node.id] !== undefined) continue;
      const declared = this.#plan.isDeclared(node);
      const stated = node.tag === 'reg' || node.tag === 'read' || node.tag === 'result';
      if (!declared && !stated && (node.tag !== 'wire' || transparent.has(node))) continue;
      for (; comment < comments.length && comments[comment]!.id <= node.id; comment++) {
        yield { kind: 'blank' };
        yield { kind: 'comment', text: comments[comment]!.text };
      }
      yield* this.#declaration(node);
    }
  }

  #declaration(node: Node): Item[] {
    const shape = { width: this.#plan.widthOf(node), signed: node.signed, origin: node.location };
    if (node.tag === 'read') return [this.#readDeclaration(node)];
    if (node.tag === 'reg') {
      const init = this.#initOf.get(node);
      const attribute = this.#synchronising.has(node) ? 'ASYNC_REG = "TRUE"' : undefined;
      return [{ kind: 'reg', ...shape, name: this.#declare(node), attribute, depth: undefined, init }];
    }
    if (node.tag === 'result' || node.tag === 'wire') {
      return [{ kind: 'wire', ...shape, name: this.#declare(node), value: undefined }];
    }
    if (node.tag === 'popcount') {
      const operand = this.#expressions.use(node.a);
      const known = this.#declare(node);
      const connections = [
        { port: 'x', value: operand },
        { port: 'count', value: name(known) },
      ];
      const instance = this.#names.unique(`count_${known}`);
      return [
        { kind: 'wire', ...shape, name: known, value: undefined },
        {
          kind: 'instance',
          module: this.#modules.popcount(node.a.width),
          name: instance,
          parameters: [],
          connections,
          origin: node.location,
        },
      ];
    }
    const value = this.#expressions.define(node);
    return [{ kind: 'wire', ...shape, name: this.#declare(node), value }];
  }

  #readDeclaration(node: Node): Item {
    const { read, memory } = this.#memoryOf.get(node)!;
    const shape = { width: node.width, signed: node.signed, origin: node.location };
    if (read.kind === 'registered') {
      return {
        kind: 'reg',
        ...shape,
        name: this.#declare(node),
        attribute: undefined,
        depth: undefined,
        init: undefined,
      };
    }
    const value: Expr = {
      kind: 'index',
      name: memory,
      index: this.#expressions.unsigned(read.address),
      bits: undefined,
    };
    return { kind: 'wire', ...shape, name: this.#declare(node), value };
  }

  *#instances(): Generator<Item> {
    for (const i of this.#module.instances) {
      const input = (wire: Node): Expr =>
        this.#expressions.use(this.#nameOf[wire.id] === undefined ? this.#module.drivers.get(wire)! : wire);
      const box = i.module.blackBox;
      const pins = box?.resetPin === false ? i.module.clocks.map((c) => c.clock) : controlPorts(i.module.clocks);
      const clocks = [...new Set(pins)].map((port) => ({ port, value: this.#control(i.clocks.get(port)!) }));
      const ports = i.module.ports.map((p) => {
        const wire = i.inputs.get(p.name);
        return {
          port: p.name,
          value: wire === undefined ? name(this.#nameOf[i.results.get(p.name)!.id]!) : input(wire),
        };
      });
      yield { kind: 'blank' };
      const module = this.#modules.of(i.module);
      const connections = [...clocks, ...ports];
      const parameters = [...(box?.parameters ?? [])].map(([n, value]) => ({ name: n, text: showParameter(value) }));
      yield { kind: 'instance', module, name: i.name, parameters, connections, origin: i.location };
    }
  }

  *#assigns(): Generator<Item> {
    let first = true;
    for (const [wire, driver] of this.#module.drivers) {
      const target = this.#nameOf[wire.id];
      if (target === undefined) continue;
      if (first) yield { kind: 'blank' };
      first = false;
      yield { kind: 'assign', target, value: this.#expressions.use(driver), origin: driver.location };
    }
  }

  /** One process for all registers of a clock that are alike in reset and enable. */
  *#registers(): Generator<Item> {
    const groups = new Map<string, Register[]>();
    for (const r of this.#module.registers) {
      if (this.#nameOf[r.node.id] === undefined || this.#processed.has(r)) continue; // nothing reads it, or not here
      this.#processed.add(r);
      const reset = r.reset === undefined ? '' : `${r.clock.reset} ${r.clock.resetStyle}`;
      const key = `${r.clock.clock} ${r.enable?.id} ${reset}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [r]);
      else group.push(r);
    }
    for (const group of groups.values()) {
      yield { kind: 'blank' };
      yield this.#process(group);
    }
  }

  #process(group: readonly Register[]): Item {
    const { clock, enable, reset } = group[0]!;
    this.#control(clock.clock);
    const target = (r: Register): Expr => name(this.#nameOf[r.node.id]!);
    const set = group.map(
      (r): Statement => ({
        kind: 'set',
        target: target(r),
        value: this.#expressions.use(r.next),
        origin: r.next.location,
      }),
    );
    const enabled: readonly Statement[] =
      enable === undefined ? set : [{ kind: 'if', test: this.#expressions.use(enable), yes: set, no: [] }];
    if (reset === undefined) return { kind: 'always', clock: clock.clock, reset: undefined, body: enabled };
    const clear = group.map(
      (r): Statement => ({
        kind: 'set',
        target: target(r),
        value: literal(r.reset!, r.node.width, r.node.signed),
        origin: r.node.location,
      }),
    );
    const asynchronous = clock.resetStyle === 'asynchronous' ? clock.reset : undefined;
    const body: Statement[] = [{ kind: 'if', test: this.#control(clock.reset), yes: clear, no: enabled }];
    return { kind: 'always', clock: clock.clock, reset: asynchronous, body };
  }

  /** A clock or a reset. */
  #control(port: string): Expr {
    this.#controls.get(port)?.use(0, 0);
    return name(port);
  }

  /** Properties, and the logic that only they look at, behind a define: SystemVerilog immediate assertions. */
  #checks(): Item {
    const body = [...this.#body(this.#plan.checking)];
    const state = [...this.#registers()];
    const names = new Map(this.#module.properties.map((p) => [p, this.#names.unique(p.name)]));
    const statements = this.#module.properties.flatMap((p): Item[] => {
      const check: Statement = {
        kind: 'check',
        check: p.kind,
        name: names.get(p)!,
        condition: this.#expressions.use(p.condition),
        origin: p.location,
      };
      const active: Statement = {
        kind: 'if',
        test: unary('~', this.#control(p.clock.reset)),
        yes: [{ kind: 'comment', text: p.message }, check],
        no: [],
      };
      this.#control(p.clock.clock);
      return [{ kind: 'blank' }, { kind: 'always', clock: p.clock.clock, reset: undefined, body: [active] }];
    });
    return {
      kind: 'ifdef',
      define: assertionsDefine,
      yes: [...body, ...state, ...statements, ...this.#unusedBits()],
      no: undefined,
    };
  }
}
