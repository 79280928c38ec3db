/** Modules: a body is run once with a builder and its ports' handles, and leaves an immutable `Module` of the IR. */
import { DesignError, type Diagnostic } from './diagnostic.ts';
import { bindClocks, type ClockDomain, domainOf, type ResetStyle } from './domain.ts';
import {
  DrivenSignal,
  type MemoryHandle,
  type MemoryOptions,
  type RegisterOptions,
  RegisterSignal,
} from './handles.ts';
import {
  type Driven,
  type FlatPort,
  handles,
  type Inside,
  type Interface,
  leavesOf,
  type Outside,
} from './interface.ts';
import {
  controlPorts,
  type Instance,
  type Memory,
  type Module,
  type Node,
  operandsOf,
  type Property,
  type Reg,
  type Register,
  type Result,
} from './ir.ts';
import { Location } from './location.ts';
import { openMemory } from './memory.ts';
import {
  asyncBody,
  branchClosed,
  drivenTwice,
  finishedModule,
  foreignSignal,
  memoryUnwritten,
  partlyDriven,
  portName,
  registerValue,
  switchCase,
  undriven,
  wrongName,
  wrongType,
} from './mistakes.ts';
import { unknownDomain } from './mistakes-clock.ts';
import { order } from './passes/combinational.ts';
import {
  type Bits,
  fits,
  type Literal,
  literal,
  type NodeDraft,
  type NodeFactory,
  type Operand,
  type Sign,
  Signal,
  showType,
  type UInt,
  wholeNumber,
} from './signal.ts';
import { addAssignment, assignedValue, byTarget, openBody, registerInput, type Statement } from './statements.ts';
import { identifier } from './verilog/names.ts';

/** A module together with its typed interface; `D`: names of its clock domains. */
export interface Design<I extends Interface = Interface, D extends string = string> {
  readonly module: Module;
  readonly ports: I;
  readonly domains?: readonly ClockDomain<D>[];
}

export interface ModuleSpec<I extends Interface, D extends string = string> {
  /** Verilog module name; it should carry the parameters, e.g. `popcount_lane_k64`. */
  readonly name: string;
  /** What it does, for a hardware engineer; printed above the module. */
  readonly doc: string;
  readonly ports: I;
  /** Of the default domain; default synchronous. */
  readonly reset?: ResetStyle;
  /** Default: one, with the ports `clk` and `rst`. The first is that of ports and state that are not placed. */
  readonly domains?: readonly [ClockDomain<D>, ...ClockDomain<D>[]];
}

export interface InstanceOptions<D extends string> {
  /** The domain here for every domain there; default, for a module of one domain: the one of the place. */
  readonly clocks?: Readonly<Record<D, ClockDomain>>;
}

/** Runs `body` and returns the finished design; throws a `DesignError` that lists everything wrong with it. */
export function defineModule<I extends Interface, D extends string = string>(
  spec: ModuleSpec<I, D>,
  body: (m: ModuleBuilder, io: Inside<I>) => void,
): Design<I, D> {
  const location = Location.capture(defineModule);
  const { reset: resetStyle = 'synchronous' } = spec;
  const domains = spec.domains ?? [{ name: 'clk' as D, clock: 'clk', reset: 'rst', resetStyle, location }];
  const builder = new ModuleBuilder(location, domains);
  builder.run(() => body(builder, builder.openPorts(spec.ports) as Inside<I>));
  return { module: builder.finish(spec), ports: spec.ports, domains };
}

interface OpenRegister {
  readonly node: Reg;
  readonly clock: ClockDomain;
  readonly options: RegisterOptions;
}

/** Continues a `when`: the branches exclude each other, the first whose condition holds is taken. */
export interface Otherwise {
  elsewhen(condition: UInt, body: () => void): Otherwise;
  otherwise(body: () => void): void;
}

export class ModuleBuilder implements NodeFactory {
  readonly #location: Location;
  readonly #nodes: Node[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #registers: OpenRegister[] = [];
  readonly #memories: Memory[] = [];
  readonly #instances: Instance[] = [];
  readonly #properties: Property[] = [];
  readonly #domains: readonly [ClockDomain, ...ClockDomain[]];
  readonly #usedDomains = new Set<ClockDomain>();
  readonly #wires = new Map<Node, string>();
  readonly #outputs = new Map<string, Node>();
  readonly #names = new Map<Node, string>();
  readonly #comments = new Map<Node, string>();
  readonly #statements: Statement[] = [];
  /** Where assignments go: the list above, or a branch. */
  #body = openBody(undefined, this.#statements);
  #comment: string | undefined;
  #place: Location | undefined;
  /** The domain of what is made. */
  #domain: ClockDomain;
  #finished = false;

  constructor(location: Location, domains: readonly [ClockDomain, ...ClockDomain[]]) {
    this.#location = location;
    this.#domains = domains;
    this.#domain = domains[0];
  }

  // What signals need.

  create(draft: NodeDraft, location: Location): Node {
    this.#checkOpen(location);
    const node = Object.assign(draft, { id: this.#nodes.length, location }) as Node;
    for (const operand of operandsOf(node)) this.#checkOwn(operand, location);
    this.#nodes.push(node);
    if (this.#comment !== undefined) {
      this.#comments.set(node, this.#comment);
      this.#comment = undefined;
    }
    return node;
  }
  report(diagnostic: Diagnostic): void {
    this.#diagnostics.push(diagnostic);
  }
  locate(below: (...args: never[]) => unknown): Location {
    return this.#place ?? Location.capture(below);
  }
  name(node: Node, name: string): void {
    this.#names.set(node, name);
  }

  /** Everything made by `build` carries one location, that of the caller of `below`: for helpers that make many nodes. */
  located<T>(build: () => T, below: (...args: never[]) => unknown = this.located): T {
    const outer = this.#place;
    this.#place ??= Location.capture(below);
    try {
      return build();
    } finally {
      this.#place = outer;
    }
  }

  // What bodies use.

  /** A comment before whatever is made next. */
  comment(text: string): void {
    this.#comment = text;
  }

  constant<S extends Sign>(type: Bits<S>, value: number | bigint): Signal<S> {
    const at = this.locate(this.constant);
    return new Signal<S>(this, literal(this, wholeNumber(this, value, at), type, at));
  }

  /** A named net, driven later with `.drive`. */
  wire<S extends Sign>(name: string, type: Bits<S>): Driven<S> {
    return this.#net(type, name, name, this.locate(this.wire));
  }

  register<S extends Sign>(name: string, type: Bits<S>, options: RegisterOptions = {}): RegisterSignal<S> {
    return this.#register(name, type, options, this.locate(this.register));
  }

  /** `value` one clock edge later. */
  delay<S extends Sign>(name: string, value: Signal<S>, options: RegisterOptions = {}): Signal<S> {
    const at = this.locate(this.delay);
    const register = this.#register(name, value.type, options, at);
    register.next(value);
    return register;
  }

  memory(name: string, options: MemoryOptions): MemoryHandle {
    const { memory, handle } = openMemory(this, name, options, () => this.#useDomain(), this.locate(this.memory));
    this.#memories.push(memory);
    return handle;
  }

  /** Registers, memory ports, properties and instances made by `body` belong to `domain`. */
  domain<T>(domain: ClockDomain, body: () => T): T {
    this.#checkDomain(domain, 'what stands here', this.locate(this.domain));
    const outer = this.#domain;
    this.#domain = domain;
    try {
      return body();
    } finally {
      this.#domain = outer;
    }
  }

  /** Assignments made by `body` hold where `condition` is 1. */
  when(condition: UInt, body: () => void): Otherwise {
    return this.#when(condition, body, this.#body.statements, this.locate(this.when));
  }

  /**
   * One body per value of `selector`, and one for all others. Cases are numbers of the selector's type.
   */
  switch(selector: Signal, cases: readonly (readonly [Literal, () => void])[], otherwise?: () => void): void {
    const at = this.locate(this.switch);
    const seen = new Set<bigint>();
    let list = this.#body.statements;
    for (const [value, body] of cases) {
      const wanted = BigInt(value);
      if (seen.has(wanted)) this.report(switchCase(`${wanted}`, 'it stands there twice', at));
      seen.add(wanted);
      const constant = literal(this, wanted, selector.node, at);
      const hit = this.create({ tag: 'eq', width: 1, signed: false, a: selector.node, b: constant }, at);
      list = this.#branch(new Signal<'unsigned'>(this, hit), body, list, at);
    }
    if (otherwise !== undefined) this.#within(list, otherwise, at);
  }

  /** A state machine: a register that starts in the first state, with states by name. */
  states<S extends string>(name: string, names: readonly [S, ...S[]]): { is(state: S): UInt; go(state: S): void } {
    const at = this.locate(this.states);
    const width = Math.max(1, Math.ceil(Math.log2(names.length)));
    const type = { sign: 'unsigned', width, signed: false } as const;
    this.#comment = `${name}: ${names.map((n, i) => `${i} ${n}`).join(', ')}`;
    const register = this.#register(name, type, { reset: 0 }, at);
    return {
      is: (state) => register.eq(names.indexOf(state)),
      go: (state) => register.next(names.indexOf(state)),
    };
  }

  /** Claims that `condition` is 1 at every rising edge outside reset; checked in simulation and by provers. */
  assert(name: string, condition: UInt, message: string): void {
    this.#property('assert', name, condition, message, this.locate(this.assert));
  }
  /** Promises that the surroundings keep `condition` 1. */
  assume(name: string, condition: UInt, message: string): void {
    this.#property('assume', name, condition, message, this.locate(this.assume));
  }
  /** Asks that `condition` is 1 at some rising edge of the tests. */
  cover(name: string, condition: UInt, message: string): void {
    this.#property('cover', name, condition, message, this.locate(this.cover));
  }

  /** An instance of `design`; its inputs are driven through the handles returned. */
  instance<I extends Interface, D extends string>(
    name: string,
    design: Design<I, D>,
    options: InstanceOptions<D> = {},
  ): Outside<I> {
    const location = this.locate(this.instance);
    const taken = this.#instances.some((i) => i.name === name);
    if (taken || identifier(name) !== name)
      this.report(wrongName('instance-name', `an instance cannot be called ${name}`, why(taken), location));
    const inputs = new Map<string, Node>();
    const results = new Map<string, Result>();
    const make = (port: FlatPort): Signal => {
      if (port.direction === 'input') {
        const net = this.#net(typeOf(port), `input ${port.name} of instance ${name}`, undefined, location);
        inputs.set(port.name, net.node);
        return net;
      }
      const node = this.create({ tag: 'result', width: port.width, signed: port.signed }, location) as Result;
      this.#names.set(node, `${name}_${port.name}`);
      results.set(port.name, node);
      return new Signal(this, node);
    };
    const outside = handles(design.ports, make) as Outside<I>;
    const clocks = bindClocks(name, design, options.clocks, this.#domain, this, location);
    for (const d of Object.values<ClockDomain>(options.clocks ?? {}))
      this.#checkDomain(d, `instance ${name}`, location);
    for (const d of clocks.used) this.#usedDomains.add(d);
    this.#instances.push({ name, module: design.module, clocks: clocks.ports, inputs, results, location });
    return outside;
  }

  // The frame of a module.

  /** Runs the body of the module. */
  run(body: () => void): void {
    this.#within(this.#statements, body, this.#location);
  }

  openPorts(ports: Interface): unknown {
    return handles(ports, (port) => {
      if (port.direction === 'input') {
        const node = this.create(
          { tag: 'input', port: port.name, width: port.width, signed: port.signed },
          this.#location,
        );
        return new Signal(this, node);
      }
      const net = this.#net(typeOf(port), `output ${port.name}`, port.name, this.#location);
      this.#outputs.set(port.name, net.node);
      return net;
    });
  }

  finish(spec: ModuleSpec<Interface>): Module {
    const ports = leavesOf(spec.ports).map(({ port }) => {
      const domain = domainOf(port, this.#domains[0]);
      if (domain !== 'asynchronous') this.#checkDomain(domain, `port ${port.name}`, this.#location);
      return { ...port, domain, location: this.#location };
    });
    this.#checkPorts(ports);
    if (identifier(spec.name) !== spec.name)
      this.report(wrongName('module-name', `a module cannot be called ${spec.name}`, why(false), this.#location));
    for (const { name, reads, writes, init, location } of this.#memories) {
      if (reads.length > 0 && writes.length === 0 && init === undefined) this.report(memoryUnwritten(name, location));
    }
    const assigned = byTarget(this.#statements);
    const drivers = new Map(
      [...this.#wires].map(([node, what]) => [node, this.#driverOf(node, what, assigned.get(node))]),
    );
    const registers = this.#registers.map((r) => this.#closeRegister(r, assigned.get(r.node)));
    if (this.#diagnostics.length > 0) throw new DesignError(`module ${spec.name}`, this.#diagnostics);
    this.#finished = true;
    const module: Module = {
      name: spec.name,
      doc: spec.doc,
      clocks: this.#domains.filter((d) => this.#usedDomains.has(d)),
      ports,
      nodes: this.#nodes,
      registers,
      memories: this.#memories,
      instances: this.#instances,
      properties: this.#properties,
      drivers,
      outputs: this.#outputs,
      names: this.#names,
      comments: this.#comments,
      location: this.#location,
    };
    order(module);
    return module;
  }

  #checkPorts(ports: readonly FlatPort[]): void {
    const clocks = new Set(this.#domains.map((d) => d.clock));
    for (const { reset, location } of this.#domains) {
      if (clocks.has(reset)) this.report(portName(reset, 'it is a clock and a reset', location));
    }
    const seen = new Set(controlPorts(this.#domains));
    for (const name of seen) {
      if (identifier(name) !== name) this.report(portName(name, 'no identifier, or a keyword', this.#location));
    }
    for (const { name } of ports) {
      if (seen.has(name)) this.report(portName(name, 'the name is taken', this.#location));
      else if (identifier(name) !== name) this.report(portName(name, 'no identifier, or a keyword', this.#location));
      seen.add(name);
    }
  }

  /** The value that the statements give a net; the net itself, reported, where they do not. */
  #driverOf(node: Node, what: string, statements: readonly Statement[] | undefined): Node {
    const value = assignedValue(node, statements ?? [], undefined, this);
    if (value !== undefined) return value;
    this.report(statements === undefined ? undriven(what, node.location) : partlyDriven(what, node.location));
    return node;
  }

  #closeRegister({ node, clock, options }: OpenRegister, statements: readonly Statement[] | undefined): Register {
    const { reset, enable, init, crossing } = options;
    if (statements === undefined) this.report(undriven(`register ${this.#names.get(node)}`, node.location));
    const value = assignedValue(node, statements ?? [], node, this)!;
    return {
      node,
      clock,
      crossing,
      ...registerInput(node, value, enable?.node, this),
      reset: reset === undefined ? undefined : BigInt(reset),
      init: init === undefined ? undefined : BigInt(init),
    };
  }

  /** Runs `body`; its assignments go to `list`. */
  #within(list: Statement[], body: () => unknown, location: Location): void {
    const outer = this.#body;
    this.#body = openBody(outer, list);
    try {
      const result = body();
      if (!(result instanceof Promise)) return;
      result.catch(() => undefined);
      this.report(asyncBody(location));
    } finally {
      this.#body = outer;
    }
  }

  /** Adds a branch to `list` and returns the list of what happens otherwise. */
  #branch(condition: UInt, body: () => void, list: Statement[], location: Location): Statement[] {
    this.#checkBit(condition, 'the condition of a branch', 'condition-width', location);
    const yes: Statement[] = [];
    const no: Statement[] = [];
    list.push({ kind: 'branch', condition: condition.node, yes, no, location });
    this.#within(yes, body, location);
    return no;
  }

  #when(condition: UInt, body: () => void, list: Statement[], location: Location): Otherwise {
    const no = this.#branch(condition, body, list, location);
    let closed = false;
    const close = (at: Location): void => {
      if (closed) this.report(branchClosed(at));
      closed = true;
    };
    const rest: Otherwise = {
      elsewhen: (next, nextBody) => {
        close(this.locate(rest.elsewhen));
        return this.#when(next, nextBody, no, location);
      },
      otherwise: (last) => {
        close(this.locate(rest.otherwise));
        this.#within(no, last, location);
      },
    };
    return rest;
  }

  /** The present domain, which something with a clock is made in. */
  #useDomain(): ClockDomain {
    this.#usedDomains.add(this.#domain);
    return this.#domain;
  }

  #checkDomain(domain: ClockDomain, what: string, location: Location): void {
    if (this.#domains.includes(domain)) return;
    const known = this.#domains.map((d) => d.name).join(', ');
    this.report(unknownDomain(what, known, domain.name, location));
  }

  #checkOpen(location: Location): void {
    if (this.#finished) throw new DesignError('a finished module', [finishedModule(location)]);
  }

  #checkOwn(node: Node, location: Location): void {
    if (this.#nodes[node.id] !== node) this.report(foreignSignal(node.location, location));
  }

  #checkBit(signal: UInt, what: string, id: 'condition-width' | 'enable-width', location: Location): void {
    this.#checkOwn(signal.node, location);
    if (signal.width !== 1) this.report(wrongType(what, 'uint(1)', signal.node, location, id));
  }

  /** Notes an assignment; a plain one after another, or after a branch, would make that one dead. */
  #assign(target: Node, value: Operand<Sign>, what: string, location: Location): void {
    this.#checkOpen(location);
    const fitting = this.#fitting(value, target, what, location);
    const fresh = addAssignment(this.#body, { kind: 'assignment', target, value: fitting, location });
    if (!fresh) this.report(drivenTwice(what, location));
  }

  #register<S extends Sign>(
    name: string,
    type: Bits<S>,
    options: RegisterOptions,
    location: Location,
  ): RegisterSignal<S> {
    const node = this.create({ tag: 'reg', width: type.width, signed: type.signed }, location) as Reg;
    this.#names.set(node, name);
    const { enable, reset, init } = options;
    for (const [when, value] of [
      ['reset', reset],
      ['power-up', init],
    ] as const) {
      if (value !== undefined && !fits(value, type)) this.report(registerValue(name, when, type, `${value}`, location));
    }
    if (enable !== undefined) this.#checkBit(enable, `the enable of register ${name}`, 'enable-width', location);
    this.#registers.push({ node, clock: this.#useDomain(), options });
    return new RegisterSignal<S>(this, node, (value, at) => this.#assign(node, value, `register ${name}`, at));
  }

  #net<S extends Sign>(type: Bits<S>, what: string, name: string | undefined, location: Location): DrivenSignal<S> {
    const node = this.create({ tag: 'wire', width: type.width, signed: type.signed }, location);
    if (name !== undefined) this.#names.set(node, name);
    this.#wires.set(node, what);
    return new DrivenSignal<S>(this, node, (value, at) => this.#assign(node, value, what, at));
  }

  #fitting(value: Operand<Sign>, target: Node, what: string, at: Location): Node {
    if (!(value instanceof Signal)) return literal(this, wholeNumber(this, value, at), target, at);
    this.#checkOwn(value.node, at);
    if (value.width === target.width && value.node.signed === target.signed) return value.node;
    this.report(wrongType(what, showType(target), value.node, at));
    return target;
  }

  #property(kind: Property['kind'], name: string, condition: UInt, message: string, location: Location): void {
    this.#checkBit(condition, `the condition of ${kind} ${name}`, 'condition-width', location);
    const taken = this.#properties.some((p) => p.name === name);
    if (taken || identifier(name) !== name)
      this.report(wrongName('property-name', `a property cannot be called ${name}`, why(taken), location));
    this.#properties.push({ kind, name, message, clock: this.#useDomain(), condition: condition.node, location });
  }
}

const why = (taken: boolean): string => (taken ? 'the name is taken' : 'no identifier, or a keyword');

const typeOf = (port: FlatPort): Bits => ({
  sign: port.signed ? 'signed' : 'unsigned',
  width: port.width,
  signed: port.signed,
});
