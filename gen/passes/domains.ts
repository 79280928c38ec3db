/**
 * The clock domain of every value: registers, registered reads and ports have one, constants have none, and what is computed
 * has that of its operands. Reported is every place where two meet, and every register, memory, port and property of one
 * domain that takes a value of another, unless it is marked as a crossing and has the form that makes it one.
 */
import type { Diagnostic } from '../diagnostic.ts';
import type { ClockDomain } from '../domain.ts';
import type { Clock, Instance, Module, Node, Register } from '../ir.ts';
import type { Location } from '../location.ts';
import { type DomainValue, domainsMeet, notSettled, takesForeign, wrongForm } from '../mistakes-clock.ts';
import type { OrderedGraph } from './combinational.ts';
import { isGray } from './gray.ts';

const any = -1;
const asynchronous = -2;

/** Without ports of several domains and without state an instance is an operator: its domain is that of its inputs. */
const isOperator = ({ module }: Instance): boolean =>
  module.clocks.length === 0 &&
  new Set(module.ports.map((p) => (p.domain === 'asynchronous' ? '' : p.domain?.clock))).size <= 1;

export function checkDomains(graph: OrderedGraph, domains: readonly ClockDomain[]): Diagnostic[] {
  const needed = domains.length > 1 || graph.module.ports.some((p) => p.domain === 'asynchronous');
  return needed || graph.module.instances.some((i) => i.module.ports.some((p) => p.domain === 'asynchronous'))
    ? new DomainCheck(graph, domains).run()
    : [];
}

class DomainCheck {
  readonly #graph: OrderedGraph;
  readonly #module: Module;
  readonly #domains: readonly ClockDomain[];
  readonly #clocks: readonly string[];
  /** By node: position of its domain, or `any`, or `asynchronous`. */
  readonly #domainOf: Int32Array;
  /** By node: the value that it has its domain from. */
  readonly #source: Int32Array;
  readonly #diagnostics: Diagnostic[] = [];

  constructor(graph: OrderedGraph, domains: readonly ClockDomain[]) {
    this.#graph = graph;
    this.#module = graph.module;
    this.#domains = domains;
    this.#clocks = domains.map((d) => d.clock);
    this.#domainOf = new Int32Array(graph.module.nodes.length).fill(any);
    this.#source = new Int32Array(graph.module.nodes.length).fill(-1);
  }

  run(): Diagnostic[] {
    const own = this.#ownDomains();
    for (const id of this.#graph.order) this.#place(id, own.get(id) ?? any);
    for (const r of this.#module.registers) this.#register(r);
    this.#memories();
    for (const i of this.#module.instances) this.#instance(i);
    for (const p of this.#module.properties) this.#take(p.condition, p.clock, `${p.kind} ${p.name}`, p.location);
    for (const p of this.#module.ports) {
      const node = this.#module.outputs.get(p.name);
      if (node !== undefined && p.domain !== undefined && p.domain !== 'asynchronous') {
        this.#take(node, p.domain, `output ${p.name}`, p.location);
      }
    }
    this.#unsettled();
    return this.#diagnostics;
  }

  /** The domains that ports, state and instances give to their values. */
  #ownDomains(): Map<number, number> {
    const own = new Map<number, number>();
    const ports = new Map(this.#module.ports.map((p) => [p.name, p.domain]));
    for (const n of this.#module.nodes) if (n.tag === 'input') own.set(n.id, this.#at(ports.get(n.port)));
    for (const r of this.#module.registers) own.set(r.node.id, this.#at(r.clock));
    for (const m of this.#module.memories) {
      const table = m.writes.length === 0;
      for (const r of m.reads) if (r.kind === 'registered' || !table) own.set(r.node.id, this.#at(r.clock));
    }
    for (const i of this.#module.instances) {
      if (isOperator(i)) continue;
      const outputs = new Map(i.module.ports.map((p) => [p.name, p.domain]));
      for (const [port, node] of i.results) own.set(node.id, this.#through(i, outputs.get(port)));
    }
    return own;
  }

  #at(domain: Clock | 'asynchronous' | undefined): number {
    if (domain === undefined) return any;
    return domain === 'asynchronous' ? asynchronous : this.#clocks.indexOf(domain.clock);
  }

  /** A domain of an instance as it is here. */
  #through({ clocks }: Instance, domain: Clock | 'asynchronous' | undefined): number {
    if (domain === undefined || domain === 'asynchronous') return this.#at(domain);
    return this.#clocks.indexOf(clocks.get(domain.clock)!);
  }

  /** The domain of a node from its own and those of its operands, which are known. */
  #place(id: number, own: number): void {
    const { start, operands } = this.#graph;
    let domain = own;
    let source = own === any ? -1 : id;
    for (let i = start[id]!; i < start[id + 1]!; i++) {
      const operand = operands[i]!;
      const other = this.#domainOf[operand]!;
      if (other === any || other === domain) continue;
      if (domain !== any) {
        const node = this.#module.nodes[id]!;
        this.#diagnostics.push(domainsMeet(this.#value(domain, source), this.#valueOf(operand), node.location));
        return; // of no domain, so that one mistake is told once
      }
      domain = other;
      source = this.#source[operand]!;
    }
    this.#domainOf[id] = domain;
    this.#source[id] = source;
  }

  #valueOf = (id: number): DomainValue => this.#value(this.#domainOf[id]!, this.#source[id]!);

  #value(domain: number, source: number): DomainValue {
    const node = this.#module.nodes[source]!;
    const name = this.#module.names.get(node) ?? (node.tag === 'input' ? node.port : `(${node.tag})`);
    return { name, location: node.location, domain: this.#domains[domain] };
  }

  /** `what`, which belongs to `clock`, takes the value of `node`. */
  #take(node: Node | undefined, clock: Clock, what: string, at: Location): void {
    if (node === undefined) return;
    const found = this.#domainOf[node.id]!;
    const wanted = this.#at(clock);
    if (found === any || found === wanted) return;
    this.#diagnostics.push(takesForeign(what, this.#domains[wanted]!, this.#valueOf(node.id), at));
  }

  #register({ node, clock, next, enable, crossing }: Register): void {
    const what = `register ${this.#module.names.get(node)}`;
    this.#take(enable, clock, what, node.location);
    if (crossing === undefined || crossing === 'settle') {
      this.#take(next, clock, what, node.location);
      return;
    }
    const wrong = this.#formOf(crossing, node, next, enable);
    if (wrong !== undefined) this.#diagnostics.push(wrongForm(what, crossing, wrong, node.location));
  }

  /** What keeps a register from being a crossing of its kind. */
  #formOf(kind: 'bit' | 'gray' | 'held', node: Node, next: Node, enable: Node | undefined): string | undefined {
    if (kind === 'held') return enable === undefined ? 'no enable' : undefined;
    if (kind === 'bit' && node.width > 1) return `${node.width} bits`;
    const source = kind === 'bit' ? this.#selected(next) : this.#driver(next);
    if (kind === 'bit') return isStated(source) ? undefined : `a value that is computed (${source.tag})`;
    const register = this.#module.registers.find((r) => r.node === source);
    const gray = register !== undefined && isGray(register.next, (n) => this.#driver(n));
    return gray ? undefined : 'a value that is no register of a Gray code';
  }

  /** What drives a net, through nets. */
  #driver(node: Node): Node {
    let at = node;
    while (at.tag === 'wire') at = this.#module.drivers.get(at)!;
    return at;
  }

  /** What a bit is selected from, or the value itself. */
  #selected(node: Node): Node {
    let at = this.#driver(node);
    while (at.tag === 'slice') at = this.#driver(at.a);
    return at;
  }

  #memories(): void {
    for (const m of this.#module.memories) {
      const what = `memory ${m.name}`;
      for (const w of m.writes)
        for (const n of [w.address, w.data, w.enable, w.mask]) this.#take(n, w.clock, what, m.location);
      for (const r of m.reads) {
        for (const n of r.kind === 'registered' ? [r.address, r.enable] : []) this.#take(n, r.clock, what, m.location);
        const foreign = m.writes.find((w) => w.clock.clock !== r.clock.clock);
        if (foreign === undefined || (m.crossing === 'held' && r.kind === 'registered')) continue;
        const written = { name: m.name, location: m.location, domain: this.#domains[this.#at(foreign.clock)] };
        this.#diagnostics.push(takesForeign(what, this.#domains[this.#at(r.clock)]!, written, r.node.location));
      }
    }
  }

  #instance(instance: Instance): void {
    if (isOperator(instance)) return;
    for (const p of instance.module.ports) {
      const node = instance.inputs.get(p.name);
      const wanted = this.#through(instance, p.domain);
      if (node === undefined || wanted < 0) continue;
      this.#take(node, this.#domains[wanted]!, `input ${p.name} of instance ${instance.name}`, instance.location);
    }
  }

  /** Values of registers that may be unsettled, which go to `settle` registers only. */
  #unsettled(): void {
    const raw = new Set(
      this.#module.registers.filter((r) => r.crossing === 'bit' || r.crossing === 'gray').map((r) => r.node.id),
    );
    if (raw.size === 0) return;
    const { nodes, names } = this.#module;
    const report = (id: number): void =>
      void this.#diagnostics.push(notSettled(`register ${names.get(nodes[id]!)}`, nodes[id]!.location));
    const { start, operands, order } = this.#graph;
    const carried = new Map<number, number>([...raw].map((id) => [id, id]));
    const wrong = new Set<number>();
    for (const id of order) {
      for (let i = start[id]!; i < start[id + 1]!; i++) {
        const from = carried.get(operands[i]!);
        if (from === undefined) continue;
        if (nodes[id]!.tag === 'wire') carried.set(id, from);
        else wrong.add(from);
      }
    }
    for (const n of this.#takers()) {
      const from = carried.get(n.id);
      if (from !== undefined) wrong.add(from);
    }
    for (const id of wrong) report(id);
  }

  /** Values that leave the module's logic, but for `settle` registers. */
  #takers(): Node[] {
    const { registers, memories, instances, properties, outputs } = this.#module;
    const taken = [
      ...registers.flatMap((r) => [r.crossing === 'settle' ? undefined : r.next, r.enable]),
      ...memories.flatMap((m) => m.reads.flatMap((r) => [r.address, r.enable])),
      ...memories.flatMap((m) => m.writes.flatMap((w) => [w.address, w.data, w.enable, w.mask])),
      ...instances.flatMap((i) => [...i.inputs.values()]),
      ...properties.map((p) => p.condition),
      ...outputs.values(),
    ];
    return taken.filter((n) => n !== undefined);
  }
}

/** Values that change at an edge only, or come from outside. */
const isStated = ({ tag }: Node): boolean => tag === 'reg' || tag === 'input' || tag === 'result' || tag === 'const';
