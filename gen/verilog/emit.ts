/** One IR module to a Verilog syntax tree: declarations in the order of the design, then instances, drivers and state. */
import { controlPorts, type Module, type Node, type ReadPort, type Register, type Tag } from '../ir.ts';
import { type Expr, type Item, name, type PortDecl, type Statement, unary, type VerilogModule } from './ast.ts';
import { Expressions, literal } from './expressions.ts';
import { memoryDeclaration, memoryProcesses } from './memory.ts';
import { Names } from './names.ts';
import { plan } from './plan.ts';

export interface Emitted {
  readonly module: VerilogModule;
  /** Declared identifiers, and how many of them the design did not name. */
  readonly declared: number;
  readonly generated: number;
}

/** Verilog names of the modules that an emitted module instantiates. */
export interface ModuleNames {
  of(module: Module): string;
  popcount(width: number): string;
}

/** What an unnamed value is called when it needs a declaration. */
const generatedNames: { readonly [T in Tag]: string } = {
  const: 'constant',
  input: 'in',
  wire: 'net',
  reg: 'state',
  read: 'word',
  result: 'result',
  not: 'inverse',
  popcount: 'count',
  any: 'some',
  parity: 'parity',
  resize: 'resized',
  slice: 'part',
  add: 'sum',
  sub: 'difference',
  mul: 'product',
  and: 'both',
  or: 'either',
  xor: 'differs',
  eq: 'equal',
  lt: 'less',
  shl: 'shifted',
  shr: 'shifted',
  mux: 'choice',
  cat: 'joined',
};

/** Define that turns the properties of a design on in its Verilog (SystemVerilog immediate assertions). */
export const assertionsDefine = 'POPSCAN_ASSERTIONS';

export function emitModule(module: Module, modules: ModuleNames): Emitted {
  return new Emitter(module, modules).emit();
}

interface Declaration {
  readonly name: string;
  readonly width: number;
  /** One bit per bit of the value that something reads. */
  used: bigint;
  /** Its unused bits have been listed. */
  settled: boolean;
}

class Emitter {
  readonly #module: Module;
  readonly #modules: ModuleNames;
  readonly #names = new Names();
  readonly #nameOf = new Map<Node, string>();
  readonly #declarations = new Map<string, Declaration>();
  readonly #expressions = new Expressions({
    nameOf: (node) => this.#nameOf.get(node),
    use: (of, high, low) => this.#use(of, high, low),
  });
  readonly #memoryOf = new Map<Node, { readonly read: ReadPort; readonly memory: string }>();
  readonly #processed = new Set<Register>();
  #generated = 0;

  readonly #initOf = new Map<Node, Expr>();
  /** Registers that take bits of another clock, and those that let them settle. */
  readonly #synchronising = new Set<Node>();

  constructor(module: Module, modules: ModuleNames) {
    this.#module = module;
    for (const r of module.registers) {
      if (r.crossing !== undefined && r.crossing !== 'held') this.#synchronising.add(r.node);
      if (r.init !== undefined) this.#initOf.set(r.node, literal(r.init, r.node.width, r.node.signed));
    }
    this.#modules = modules;
  }

  emit(): Emitted {
    const module = this.#module;
    for (const c of module.clocks) {
      this.#names.reserve(c.clock);
      this.#declarations.set(c.reset, { name: this.#names.reserve(c.reset), width: 1, used: 0n, settled: false });
    }
    for (const p of module.ports) this.#names.reserve(p.name);
    for (const [port, node] of module.outputs) this.#nameOf.set(node, port);
    for (const n of module.nodes) if (n.tag === 'input') this.#declarePort(n, n.port);
    const memories = new Map(module.memories.map((m) => [m, this.#names.unique(m.name)]));
    for (const [m, known] of memories) for (const r of m.reads) this.#memoryOf.set(r.node, { read: r, memory: known });
    const { live, checking, declared } = plan(module);
    const items: Item[] = [
      ...[...memories].flatMap(([m, known]) => memoryDeclaration(m, known)),
      ...this.#body(live, declared),
      ...this.#instances(),
      ...this.#assigns(),
      ...this.#registers(),
      ...[...memories].flatMap(([m, known]) =>
        memoryProcesses(m, known, this.#expressions, (n) => this.#nameOf.get(n)!),
      ),
    ];
    items.push(...this.#unusedBits());
    if (module.properties.length > 0) items.push({ kind: 'blank' }, this.#checks(checking, declared));
    return {
      module: { name: this.#modules.of(module), doc: module.doc, origin: module.location, ports: this.#ports(), items },
      declared: this.#declarations.size,
      generated: this.#generated,
    };
  }

  #use(of: string, high: number, low: number): void {
    const d = this.#declarations.get(of);
    if (d !== undefined) d.used |= ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
  }

  #declarePort(node: Node, port: string): void {
    this.#nameOf.set(node, port);
    this.#declarations.set(port, { name: port, width: node.width, used: 0n, settled: false });
  }

  #declare(node: Node): string {
    const asked = this.#module.names.get(node);
    if (asked === undefined) this.#generated++;
    const known = this.#names.unique(asked ?? generatedNames[node.tag]);
    this.#nameOf.set(node, known);
    this.#declarations.set(known, { name: known, width: node.width, used: 0n, settled: false });
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
  #body(live: readonly Node[], declared: ReadonlySet<Node>): Item[] {
    const transparent = new Set<Node>(this.#module.instances.flatMap((i) => [...i.inputs.values()]));
    const comments = [...this.#module.comments].map(([node, text]) => ({ id: node.id, text }));
    const items: Item[] = [];
    for (const node of live) {
      const late = node.tag === 'wire' && !this.#nameOf.has(node) && !(transparent.has(node) && !declared.has(node));
      const stated = node.tag === 'reg' || node.tag === 'read' || node.tag === 'result' || late;
      if (!stated && !declared.has(node)) continue;
      if (this.#nameOf.has(node)) continue;
      while (comments.length > 0 && comments[0]!.id <= node.id) {
        items.push({ kind: 'blank' }, { kind: 'comment', text: comments.shift()!.text });
      }
      items.push(...this.#declaration(node));
    }
    return items;
  }

  #declaration(node: Node): Item[] {
    const shape = { width: node.width, signed: node.signed, origin: node.location };
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
    const value: Expr = { kind: 'index', name: memory, index: this.#expressions.use(read.address), bits: undefined };
    return { kind: 'wire', ...shape, name: this.#declare(node), value };
  }

  #instances(): Item[] {
    return this.#module.instances.flatMap((i): Item[] => {
      const input = (wire: Node): Expr =>
        this.#nameOf.has(wire) ? this.#expressions.use(wire) : this.#expressions.use(this.#module.drivers.get(wire)!);
      const clocks = controlPorts(i.module.clocks).map((port) => ({ port, value: this.#control(i.clocks.get(port)!) }));
      const ports = i.module.ports.map((p) => {
        const wire = i.inputs.get(p.name);
        return {
          port: p.name,
          value: wire === undefined ? name(this.#nameOf.get(i.results.get(p.name)!)!) : input(wire),
        };
      });
      const instance = this.#names.unique(i.name);
      return [
        { kind: 'blank' },
        {
          kind: 'instance',
          module: this.#modules.of(i.module),
          name: instance,
          connections: [...clocks, ...ports],
          origin: i.location,
        },
      ];
    });
  }

  #assigns(): Item[] {
    const items: Item[] = [];
    for (const [wire, driver] of this.#module.drivers) {
      const target = this.#nameOf.get(wire);
      if (target !== undefined)
        items.push({ kind: 'assign', target, value: this.#expressions.use(driver), origin: driver.location });
    }
    return items.length === 0 ? [] : [{ kind: 'blank' }, ...items];
  }

  /** One process for all registers of a clock that are alike in reset and enable. */
  #registers(): Item[] {
    const groups = new Map<string, Register[]>();
    for (const r of this.#module.registers) {
      if (!this.#nameOf.has(r.node) || this.#processed.has(r)) continue; // nothing reads it, or not here
      this.#processed.add(r);
      const reset = r.reset === undefined ? '' : `${r.clock.reset} ${r.clock.resetStyle}`;
      const key = `${r.clock.clock} ${r.enable?.id} ${reset}`;
      const group = groups.get(key) ?? [];
      group.push(r);
      groups.set(key, group);
    }
    return [...groups.values()].flatMap((group): Item[] => [{ kind: 'blank' }, this.#process(group)]);
  }

  #process(group: readonly Register[]): Item {
    const { clock, enable, reset } = group[0]!;
    const target = (r: Register): Expr => name(this.#nameOf.get(r.node)!);
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
    this.#use(port, 0, 0);
    return name(port);
  }

  /** Properties, and the logic that only they look at, behind a define: SystemVerilog immediate assertions. */
  #checks(checking: readonly Node[], declared: ReadonlySet<Node>): Item {
    const body = this.#body(checking, declared);
    const state = this.#registers();
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
      return [{ kind: 'blank' }, { kind: 'always', clock: p.clock.clock, reset: undefined, body: [active] }];
    });
    return {
      kind: 'ifdef',
      define: assertionsDefine,
      yes: [...body, ...state, ...statements, ...this.#unusedBits()],
      no: [],
    };
  }

  /** Bits that nothing reads, gathered in one net whose name tells linters that this is meant. */
  #unusedBits(): Item[] {
    const parts = [...this.#declarations.values()].filter((d) => !d.settled).flatMap((d) => unusedOf(d));
    for (const d of this.#declarations.values()) d.settled = true;
    if (parts.length === 0) return [];
    const value: Expr = { kind: 'unary', op: '&', a: { kind: 'concat', parts: [literal(0n, 1), ...parts] } };
    return [
      { kind: 'blank' },
      { kind: 'comment', text: 'Bits that are dropped on purpose.' },
      { kind: 'wire', name: this.#names.unique('unused'), width: 1, signed: false, value, origin: undefined },
    ];
  }
}

/** The runs of bits of a declaration that nothing reads. */
function unusedOf(d: Declaration): Expr[] {
  const all = (1n << BigInt(d.width)) - 1n;
  let rest = all & ~d.used;
  if (rest === all) return [name(d.name)];
  const runs: Expr[] = [];
  while (rest !== 0n) {
    const high = rest.toString(2).length - 1;
    let low = high;
    while (low > 0 && (rest >> BigInt(low - 1)) & 1n) low--;
    runs.push({ kind: 'select', name: d.name, high, low });
    rest &= (1n << BigInt(low)) - 1n;
  }
  return runs;
}
