/** One module as FIRRTL text: ports, memories, values in the order of the design, then what drives them. */
import type { Clock, Instance, Memory, Module, Node, Register, Tag } from '../ir.ts';
import type { Location } from '../location.ts';
import { literal, type Print, printOperation, typeOf, unsigned } from './expressions.ts';
import { bankCount, memoryDeclaration, memoryStatements, readDeclaration } from './memory.ts';
import { FirrtlNames, quoted } from './names.ts';
import { type FirrtlPlan, planFirrtl } from './plan.ts';

/** FIRRTL names of the modules that a printed module instantiates. */
export interface ModuleNames {
  of(module: Module): string;
  popcount(width: number): string;
}

/** What stands behind a statement: a source locator with a space before it, or nothing. */
export type Locate = (location: Location) => string;

type ResetType = 'UInt<1>' | 'AsyncReset';

/** A reset that only asynchronous registers use has the type for it; where styles meet, it is a bit. */
export const resetType = (module: Module, reset: string): ResetType =>
  module.clocks.every((c) => c.reset !== reset || c.resetStyle === 'asynchronous') ? 'AsyncReset' : 'UInt<1>';

function resetAs(module: Module, reset: string, type: ResetType): string {
  if (resetType(module, reset) === type) return quoted(reset);
  return type === 'AsyncReset' ? `asAsyncReset(${quoted(reset)})` : `asUInt(${quoted(reset)})`;
}

/** Clock and reset ports. */
export const controls = (module: Module): { readonly clocks: string[]; readonly resets: string[] } => ({
  clocks: [...new Set(module.clocks.map((c) => c.clock))],
  resets: module.blackBox?.resetPin === false ? [] : [...new Set(module.clocks.map((c) => c.reset))],
});

/** The statements of `module`, without its head, indented as they stand below it. */
export function printBody(module: Module, modules: ModuleNames, locate: Locate): string {
  return new Body(module, modules, locate).print();
}

class Body {
  readonly #module: Module;
  readonly #modules: ModuleNames;
  readonly #locate: Locate;
  readonly #names = new FirrtlNames();
  readonly #refs = new Map<Node, string>();
  /** Nets that are a port of this module or of an instance, and need no declaration. */
  readonly #ports = new Set<Node>();
  readonly #of: Print = (node) => this.#refs.get(node) ?? printOperation(node, this.#of);

  constructor(module: Module, modules: ModuleNames, locate: Locate) {
    this.#module = module;
    this.#modules = modules;
    this.#locate = locate;
  }

  print(): string {
    const m = this.#module;
    const plan = planFirrtl(m);
    const { live } = plan;
    const ports = this.#portLines();
    for (const i of m.instances) this.#names.reserve(i.name);
    const memories = m.memories.map((x) => [x, this.#banks(x)] as const);
    const claimed = new Set<Node>(m.instances.flatMap((i) => [...i.inputs.values()]));
    const inlet = (n: Node): boolean => n.tag === 'wire' && claimed.has(n) && !m.names.has(n) && plan.usesOf(n) === 1;
    for (const node of live)
      if (!this.#refs.has(node) && (named.has(node.tag) || plan.isDeclared(node)) && !inlet(node)) this.#name(node);
    const instances = m.instances.map((i) => [i, this.#instance(i)] as const);
    const sections = [
      ports,
      memories.flatMap(([x, known]) => this.#memory(x, known)),
      instances.map(
        ([i, known]) => `inst ${known} of ${quoted(this.#modules.of(i.module))}${this.#locate(i.location)}`,
      ),
      this.#values(plan),
      live.filter((n) => n.tag === 'wire').map((n) => this.#driver(n)),
      this.#registers(),
      instances.flatMap(([i, known]) => this.#inputs(i, known)),
      memories.flatMap(([x, known]) => memoryStatements(x, known, this.#of, (n) => this.#refs.get(n)!)),
      this.#outputs(),
      this.#properties(),
    ];
    return sections
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.map((line) => `    ${line}\n`).join(''))
      .join('\n');
  }

  #portLines(): string[] {
    const { clocks, resets } = controls(this.#module);
    const input = (name: string, type: string): string => `input ${this.#names.reserve(name)} : ${type}`;
    const lines = [
      ...clocks.map((c) => input(c, 'Clock')),
      ...resets.map((r) => input(r, resetType(this.#module, r))),
      ...this.#module.ports.map(
        (p) => `${p.direction} ${this.#names.reserve(p.name)} : ${typeOf(p)}${this.#locate(p.location)}`,
      ),
    ];
    for (const n of this.#module.nodes) if (n.tag === 'input') this.#refs.set(n, quoted(n.port));
    for (const [port, n] of this.#module.outputs) {
      if (n.tag === 'wire' && !this.#refs.has(n)) this.#bind(n, quoted(port));
    }
    return lines;
  }

  #bind(net: Node, port: string): void {
    this.#refs.set(net, port);
    this.#ports.add(net);
  }

  #name(node: Node): void {
    this.#refs.set(node, this.#names.unique(this.#module.names.get(node) ?? `_${node.tag}`));
  }

  #instance(i: Instance): string {
    const known = quoted(i.name);
    for (const [port, node] of i.results) this.#refs.set(node, `${known}.${quoted(port)}`);
    for (const [port, node] of i.inputs) {
      if (!this.#refs.has(node) && node.tag === 'wire') this.#bind(node, `${known}.${quoted(port)}`);
    }
    return known;
  }

  #banks(m: Memory): string[] {
    const banks = bankCount(m);
    return Array.from({ length: banks }, (_, i) => this.#names.unique(banks === 1 ? m.name : `${m.name}_${i}`));
  }

  #memory(m: Memory, known: readonly string[]): string[] {
    const declarations = known.flatMap((bank) => {
      const [head, ...rest] = memoryDeclaration(m, bank);
      return [`${head}${this.#locate(m.location)}`, ...rest];
    });
    const reads = m.reads.map((r, i) => readDeclaration(m, known, i, this.#refs.get(r.node)!));
    return [...declarations, ...reads];
  }

  /** Declarations of wires and registers, and values that have a name or are used more than once. */
  #values(plan: FirrtlPlan): string[] {
    const registers = new Map(this.#module.registers.map((r) => [r.node as Node, r]));
    return plan.live.flatMap((node): string[] => {
      const lines = this.#value(node, plan, registers);
      const comment = this.#module.comments.get(node);
      return lines.length === 0 || comment === undefined ? lines : [...commented(comment), ...lines];
    });
  }

  #value(node: Node, plan: FirrtlPlan, registers: ReadonlyMap<Node, Register>): string[] {
    const at = this.#locate(node.location);
    const name = this.#refs.get(node);
    if (node.tag === 'wire') return this.#ports.has(node) ? [] : [`wire ${name} : ${typeOf(node)}${at}`];
    if (node.tag === 'reg') return [`${this.#register(registers.get(node)!, name!)}${at}`];
    if (!plan.isDeclared(node)) return [];
    if (node.tag !== 'popcount') return [`node ${name} = ${printOperation(node, this.#of)}${at}`];
    const counter = this.#names.unique(`count_${name!.replace(/^_/, '')}`);
    return [
      `inst ${counter} of ${this.#modules.popcount(node.a.width)}${at}`,
      `connect ${counter}.x, ${unsigned(node.a, this.#of)}`,
      `node ${name} = ${counter}.count${at}`,
    ];
  }

  #register({ node, clock, reset }: Register, name: string): string {
    const shape = `${name} : ${typeOf(node)}, ${quoted(clock.clock)}`;
    return reset === undefined ? `reg ${shape}` : `regreset ${shape}, ${this.#reset(clock)}, ${literal(reset, node)}`;
  }

  #reset(clock: Clock): string {
    return resetAs(this.#module, clock.reset, clock.resetStyle === 'asynchronous' ? 'AsyncReset' : 'UInt<1>');
  }

  #driver(wire: Node): string {
    return `connect ${this.#refs.get(wire)}, ${this.#of(this.#module.drivers.get(wire)!)}`;
  }

  /** Next values: those of the registers that are always enabled, then one block per enable. */
  #registers(): string[] {
    const blocks = new Map<Node | undefined, string[]>([[undefined, []]]);
    for (const { node, next, enable } of this.#module.registers) {
      const target = this.#refs.get(node);
      if (target === undefined) continue; // nothing reads it
      const block = blocks.get(enable) ?? [];
      block.push(`connect ${target}, ${this.#of(next)}`);
      blocks.set(enable, block);
    }
    return [...blocks].flatMap(([enable, lines]) => this.#when(enable, lines));
  }

  #when(enable: Node | undefined, lines: readonly string[]): readonly string[] {
    if (enable === undefined) return lines;
    return [`when ${unsigned(enable, this.#of)} :`, ...lines.map((line) => `  ${line}`)];
  }

  /** Clocks, resets and those inputs of an instance that are not driven as nets of their own. */
  #inputs(i: Instance, known: string): string[] {
    const { clocks, resets } = controls(i.module);
    const resetOf = (r: string): string => resetAs(this.#module, i.clocks.get(r)!, resetType(i.module, r));
    return [
      ...clocks.map((c) => `connect ${known}.${quoted(c)}, ${quoted(i.clocks.get(c)!)}`),
      ...resets.map((r) => `connect ${known}.${quoted(r)}, ${resetOf(r)}`),
      ...[...i.inputs].flatMap(([port, node]) => {
        const target = `${known}.${quoted(port)}`;
        return this.#refs.get(node) === target ? [] : [`connect ${target}, ${this.#of(node)}`];
      }),
    ];
  }

  /** Outputs that are driven by something else than their net. */
  #outputs(): string[] {
    return [...this.#module.outputs].flatMap(([port, node]) =>
      this.#refs.get(node) === quoted(port) ? [] : [`connect ${quoted(port)}, ${this.#of(node)}`],
    );
  }

  #properties(): string[] {
    return this.#module.properties.map((p) => {
      const active = `not(${resetAs(this.#module, p.clock.reset, 'UInt<1>')})`;
      const condition = unsigned(p.condition, this.#of);
      const name = this.#names.unique(p.name);
      return `${p.kind}(${quoted(p.clock.clock)}, ${condition}, ${active}, ${message(p.message)}) : ${name}${this.#locate(p.location)}`;
    });
  }
}

/** Values that have a name by what they are; results are called by their instance's. */
const named: ReadonlySet<Tag> = new Set<Tag>(['wire', 'reg', 'read']);
export const commented = (text: string): string[] => text.split('\n').map((line) => `; ${line}`.trimEnd());

/** A message as a string of FIRRTL, in which a percent sign starts a format. */
const message = (text: string): string =>
  `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('%', '%%')}"`;
