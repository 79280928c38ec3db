/** Modules: a body is run once with a builder and its ports' handles, and leaves an immutable `Module` of the IR. */
import { Branches, type Otherwise } from './branches.ts';
import { DesignError, type Diagnostic } from './diagnostic.ts';
import type { ClockDomain, ResetStyle } from './domain.ts';
import type { EnumSignal } from './enumeration.ts';
import type { Below, NodeDraft, NodeFactory } from './factory.ts';
import { finishModule } from './finish.ts';
import { constants, nodesOf } from './fitting.ts';
import { drivable, held, readable } from './handles.ts';
import { type InstanceOptions, Instances } from './instances.ts';
import { handles, type Inside, type Interface, type Outside } from './interface.ts';
import { type Module, type Node, operandsOf, type Property, type Reg } from './ir.ts';
import { literal } from './literal.ts';
import { Location } from './location.ts';
import { openMemory } from './memory.ts';
import {
  finishedModule,
  foreignSignal,
  nameTrouble,
  noSuchWidth,
  registerValue,
  wrongName,
  wrongType,
} from './mistakes.ts';
import { checkDomain, type OpenModule, openModule, openNet, targetName } from './open-module.ts';
import type { MemoryHandle, MemoryOptions, RegisterOptions } from './options.ts';
import { openPipeline, type Pipeline, type PipelineOptions } from './pipeline.ts';
import {
  bit,
  displayOf,
  type Encoding,
  type Enumeration,
  enumeration,
  isWidth,
  type LeafShape,
  type Shape,
  showCodes,
} from './shape.ts';
import type { Signal, UInt } from './signal.ts';
import {
  type Constant,
  type Drivable,
  type Literal,
  leavesOf,
  type Readable,
  type RegisterHandle,
  type Shaped,
  type Shapely,
  shapeOf,
} from './value.ts';
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
  /** Default: one, with the ports `clk` and `rst`. The first is that of ports and state that are not bound. */
  readonly domains?: readonly [ClockDomain<D>, ...ClockDomain<D>[]];
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

/** What a body makes its module with: state, wires, branches, instances, properties. Names are those of the output. */
export class ModuleBuilder implements NodeFactory {
  readonly #open: OpenModule;
  readonly #branches = new Branches(this);
  readonly #instances: Instances;
  #comment: string | undefined;
  #place: Location | undefined;
  /** The domain of what is made. */
  #domain: ClockDomain;
  #finished = false;

  constructor(location: Location, domains: readonly [ClockDomain, ...ClockDomain[]]) {
    this.#open = openModule(location, domains);
    this.#domain = domains[0];
    this.#instances = new Instances(this.#open, this);
  }

  // What signals need.

  create(draft: NodeDraft, location: Location): Node {
    this.#checkOpen(location);
    const node = Object.assign(draft, { id: this.#open.nodes.length, location }) as Node;
    if (!isWidth(node.width)) this.report(noSuchWidth(`a value (${node.tag})`, node.width, location));
    for (const operand of operandsOf(node)) this.checkOwn(operand, location);
    this.#open.nodes.push(node);
    if (this.#comment !== undefined) {
      this.#open.comments.set(node, this.#comment);
      this.#comment = undefined;
    }
    return node;
  }
  report(diagnostic: Diagnostic): void {
    this.#open.diagnostics.push(diagnostic);
  }
  locate(below: (...args: never[]) => unknown): Location {
    return this.#place ?? Location.capture(below);
  }
  name(node: Node, name: string, type: LeafShape): void {
    this.#open.names.set(node, name);
    const display = displayOf(type);
    if (display !== undefined) this.#open.displays.set(node, display);
  }

  /** Everything made by `build` carries one location, that of the caller of `below`: for helpers that make many nodes. */
  located<T>(build: () => T, below: Below | Location = this.located): T {
    const outer = this.#place;
    this.#place ??= below instanceof Location ? below : Location.capture(below);
    try {
      return build();
    } finally {
      this.#place = outer;
    }
  }

  assign(target: Node, value: Node, location: Location): void {
    this.#checkOpen(location);
    this.checkOwn(value, location);
    this.#branches.assign(target, value, () => targetName(this.#open, target), location);
  }

  checkBit(signal: UInt, what: string, id: 'condition-width' | 'enable-width', location: Location): void {
    this.checkOwn(signal.node, location);
    if (signal.width !== 1) this.report(wrongType(what, bit, signal.node, location, id));
  }

  checkOwn(node: Node, location: Location): void {
    if (this.#open.nodes[node.id] !== node) this.report(foreignSignal(node.location, location));
  }

  dropped(node: Node, high: number, low: number): void {
    this.#open.dropped.push({ node, high, low });
  }

  // What bodies use.

  /** Says that nothing need look at these values. */
  unused(...values: readonly Shaped<Shape>[]): void {
    for (const { node } of values.flatMap((v) => leavesOf(v))) this.dropped(node, node.width - 1, 0);
  }

  /** A comment before whatever is made next. */
  comment(text: string): void {
    this.#comment = text;
  }

  /** A value known at elaboration; numbers outside the range of their type are refused. */
  constant<T extends Shape>(shape: T, value: Constant<T>): Readable<T> {
    const at = this.locate(this.constant);
    const nodes = nodesOf(this, shape, value, 'the constant', at)?.values();
    return readable(this, shape, '', (type) => nodes?.next().value ?? literal(this, 0n, type, at));
  }

  /** Named nets, driven later with `.drive`, as a whole or part by part. */
  wire<T extends Shape>(name: string, shape: T): Drivable<T> {
    const at = this.locate(this.wire);
    return drivable(this, {
      shape,
      name,
      what: '',
      location: at,
      make: (type, leaf) => openNet(this.#open, this, type, leaf, leaf, at),
    });
  }

  /** A register for every leaf of `shape`; `.next` says what they take, as a whole or part by part. */
  register<T extends Shape>(name: string, shape: T, options: RegisterOptions<T> = {}): RegisterHandle<T> {
    return this.#register(name, shape, options, this.locate(this.register));
  }

  /** `value` one clock edge later. */
  delay<T extends Shape>(name: string, value: Shapely<T>, options: RegisterOptions<T> = {}): Readable<T> {
    const at = this.locate(this.delay);
    const register = this.#register(name, shapeOf(value), options, at);
    const targets = leavesOf(register);
    for (const [i, { node }] of leavesOf(value).entries()) this.assign(targets[i]!.node, node, at);
    return register as Readable<T>;
  }

  /** A pipeline, which keeps account of latencies and makes delay lines. */
  pipeline(name: string, options: PipelineOptions = {}): Pipeline {
    const pipeline = openPipeline(this, name, options);
    this.#open.pipelines.push(pipeline);
    return pipeline;
  }

  /** A memory without ports: those are made by `read`, `readNow` and `write` of the handle. */
  memory<T extends Shape>(name: string, options: MemoryOptions<T>): MemoryHandle<T> {
    const { memory, handle } = openMemory(this, name, options, () => this.#useDomain(), this.locate(this.memory));
    this.#open.memories.push(memory);
    return handle;
  }

  /** Registers, memory ports, properties and instances made by `body` belong to `domain`. */
  domain<T>(domain: ClockDomain, body: () => T): T {
    checkDomain(this.#open, domain, 'what stands here', this.locate(this.domain));
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
    return this.#branches.when(condition, body, this.locate(this.when));
  }

  /**
   * One body per value of `selector`, and one for all others. Cases are numbers of the selector's type, or a record with
   * the states of an enumeration: all of them, or `otherwise` besides. Without it the last stands for unused codes too.
   */
  switch<N extends string>(selector: EnumSignal<N>, cases: { readonly [S in N]: () => void }): void;
  switch<N extends string>(
    selector: EnumSignal<N>,
    cases: { readonly [S in N]?: () => void },
    otherwise: () => void,
  ): void;
  switch(selector: Signal, cases: readonly (readonly [Literal, () => void])[], otherwise?: () => void): void;
  switch(selector: Signal | EnumSignal, cases: object, otherwise?: () => void): void {
    this.#branches.switch(selector, cases, otherwise, this.locate(this.switch));
  }

  /** A state machine: a register of an enumeration of its own, which starts in the first state. */
  states<const N extends string>(
    name: string,
    states: readonly [N, ...N[]],
    options: { readonly encoding?: Encoding } = {},
  ): RegisterHandle<Enumeration<N>> {
    const shape = enumeration(name, states, options);
    return this.#register(name, shape, { reset: states[0] as Constant<Enumeration<N>> }, this.locate(this.states));
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
    return this.#instances.add(name, design, options, this.#domain, this.locate(this.instance));
  }

  // The frame of a module.

  /** What a node is called so far. */
  nameOf(node: Node): string | undefined {
    return node.tag === 'input' ? node.port : this.#open.names.get(node);
  }

  /** Runs the body of the module. */
  run(body: () => void): void {
    this.#branches.run(body, this.#open.location);
  }

  openPorts(ports: Interface): unknown {
    return handles(ports, ({ name, direction, shape, location }) => {
      const given = (type: LeafShape, port: string): Node => {
        const node = this.create({ tag: 'input', port, width: type.width, signed: type.signed }, location);
        const display = displayOf(type);
        if (display !== undefined) this.#open.displays.set(node, display);
        return node;
      };
      const make = (type: LeafShape, port: string): Node => {
        const net = openNet(this.#open, this, type, `output ${port}`, port, location);
        this.#open.outputs.set(port, net);
        return net;
      };
      return direction === 'input'
        ? readable(this, shape, name, given)
        : drivable(this, { shape, name, what: 'output ', location, make });
    });
  }

  finish(spec: ModuleSpec<Interface>): Module {
    const module = finishModule(spec, this.#open, this.#branches, this);
    this.#finished = true;
    return module;
  }

  /** The present domain, which something with a clock is made in. */
  #useDomain(): ClockDomain {
    this.#open.usedDomains.add(this.#domain);
    return this.#domain;
  }

  #checkOpen(location: Location): void {
    if (this.#finished) throw new DesignError('a finished module', [finishedModule(location)]);
  }

  #register<T extends Shape>(
    name: string,
    shape: T,
    { reset, init, enable, crossing }: RegisterOptions<T>,
    location: Location,
  ): RegisterHandle<T> {
    if (enable !== undefined) this.checkBit(enable, `the enable of register ${name}`, 'enable-width', location);
    const codes = (value: Constant<T> | undefined, when: 'reset' | 'power-up') =>
      value === undefined
        ? []
        : constants(this, shape, value, `register ${name}`, location, (place, type, found) =>
            registerValue(place, when, type, found, location),
          );
    const resets = codes(reset, 'reset').values();
    const inits = codes(init, 'power-up').values();
    const clock = this.#useDomain();
    const make = (type: LeafShape, leaf: string): Node => {
      if (type.kind === 'enumeration') this.#explain(showCodes(type));
      const node = this.create({ tag: 'reg', width: type.width, signed: type.signed }, location) as Reg;
      this.name(node, leaf, type);
      this.#open.registers.push({
        node,
        clock,
        enable,
        reset: resets.next().value,
        init: inits.next().value,
        crossing,
      });
      return node;
    };
    return held(this, { shape, name, what: 'register ', location, make });
  }

  /** A comment for what is made next, after the user's own. */
  #explain(text: string): void {
    this.#comment = this.#comment === undefined ? text : `${this.#comment}\n${text}`;
  }

  #property(kind: Property['kind'], name: string, condition: UInt, message: string, location: Location): void {
    this.checkBit(condition, `the condition of ${kind} ${name}`, 'condition-width', location);
    const taken = this.#open.properties.some((p) => p.name === name);
    if (taken || identifier(name) !== name)
      this.report(wrongName('property-name', `a property cannot be called ${name}`, nameTrouble(taken), location));
    this.#open.properties.push({ kind, name, message, clock: this.#useDomain(), condition: condition.node, location });
  }
}
