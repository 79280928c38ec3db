/** Modules: a body is run once with a builder and its ports' handles, and leaves an immutable `Module` of the IR. */
import { DesignError, type Diagnostic } from './diagnostic.ts';
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
  addressWidth,
  type Clock,
  type Instance,
  type Memory,
  type Module,
  type Node,
  type Property,
  type ReadPort,
  type Reg,
  type Register,
  type Result,
  type WritePort,
} from './ir.ts';
import { Location } from './location.ts';
import {
  type Bits,
  literal,
  type NodeDraft,
  type NodeFactory,
  type Operand,
  type Sign,
  Signal,
  showType,
  type UInt,
  uint,
} from './signal.ts';

/** A module together with its typed interface. */
export interface Design<I extends Interface = Interface> {
  readonly module: Module;
  readonly ports: I;
}

/** How a module is reset; the names and the style are the same in all its parts. */
export type ResetStyle = Clock['resetStyle'];

export interface ModuleSpec<I extends Interface> {
  /** Verilog module name; it should carry the parameters, e.g. `popcount_lane_k64`. */
  readonly name: string;
  /** What it does, for a hardware engineer; printed above the module. */
  readonly doc: string;
  readonly ports: I;
  /** Of the module's own registers; default synchronous. */
  readonly reset?: ResetStyle;
}

const clk: Clock = { clock: 'clk', reset: 'rst', resetStyle: 'synchronous' };

/** Runs `body` and returns the finished design; throws a `DesignError` that lists everything wrong with it. */
export function defineModule<I extends Interface>(
  spec: ModuleSpec<I>,
  body: (m: ModuleBuilder, io: Inside<I>) => void,
): Design<I> {
  const clock: Clock = { ...clk, resetStyle: spec.reset ?? clk.resetStyle };
  const builder = new ModuleBuilder(Location.capture(defineModule), clock);
  body(builder, builder.openPorts(spec.ports) as Inside<I>);
  return { module: builder.finish(spec), ports: spec.ports };
}

/** A signal whose driver comes later. */
class DrivenSignal<S extends Sign> extends Signal<S> implements Driven<S> {
  readonly #drive: (value: Operand<S>, at: Location) => void;

  constructor(module: NodeFactory, node: Node, drive: (value: Operand<S>, at: Location) => void) {
    super(module, node);
    this.#drive = drive;
  }
  drive(value: Operand<S>): void {
    this.#drive(value, this.module.locate(this.drive));
  }
}

/** A register: reads as its present value; `next` says what it takes at the clock edge. */
export class RegisterSignal<S extends Sign> extends Signal<S> {
  readonly #next: (value: Operand<S>, at: Location) => void;

  constructor(module: NodeFactory, node: Node, next: (value: Operand<S>, at: Location) => void) {
    super(module, node);
    this.#next = next;
  }
  next(value: Operand<S>): void {
    this.#next(value, this.module.locate(this.next));
  }
}

export interface RegisterOptions {
  /** Value while the reset is 1; without it the register is not reset. */
  readonly reset?: number | bigint;
  /** The register keeps its value while this is 0. */
  readonly enable?: UInt;
  /** Value at power-up; without it unknown. FPGAs can, most ASICs cannot. */
  readonly init?: number | bigint;
}

export interface MemoryOptions {
  readonly depth: number;
  readonly width: number;
  readonly style?: Memory['style'];
  /** Contents at power-up, from word 0 on; the rest is zero. */
  readonly init?: readonly (number | bigint)[];
}

export interface ReadOptions {
  /** The data is kept while this is 0. */
  readonly enable?: UInt;
  /** What the read sees of a write to its word at the same edge; default `old`. */
  readonly underWrite?: ReadPort['underWrite'];
}

export interface WriteOptions {
  readonly address: UInt;
  readonly data: UInt;
  readonly enable: UInt;
  /** Bit i enables group i of the word, each `width / mask.width` bits (byte enables); without it the whole word. */
  readonly mask?: UInt;
}

/** A memory: any number of ports. Addresses are `addressWidth` bits wide. */
export interface MemoryHandle {
  readonly addressWidth: number;
  /** Data one cycle after the address. */
  read(name: string, address: UInt, options?: ReadOptions): UInt;
  /** Data in the same cycle as the address: registers or LUT-RAM, never block RAM. */
  readNow(name: string, address: UInt): UInt;
  write(port: WriteOptions): void;
}

interface OpenRegister {
  readonly node: Reg;
  readonly options: RegisterOptions;
  next: Node | undefined;
}

export class ModuleBuilder implements NodeFactory {
  readonly #location: Location;
  readonly #nodes: Node[] = [];
  readonly #diagnostics: Diagnostic[] = [];
  readonly #registers: OpenRegister[] = [];
  readonly #memories: Memory[] = [];
  readonly #instances: Instance[] = [];
  readonly #properties: Property[] = [];
  readonly #clock: Clock;
  readonly #drivers = new Map<Node, Node>();
  readonly #wires = new Map<Node, string>();
  readonly #outputs = new Map<string, Node>();
  readonly #names = new Map<Node, string>();
  readonly #comments = new Map<Node, string>();
  #comment: string | undefined;
  #place: Location | undefined;

  constructor(location: Location, clock: Clock) {
    this.#location = location;
    this.#clock = clock;
  }

  // What signals need.

  create(draft: NodeDraft, location: Location): Node {
    const node = { ...draft, id: this.#nodes.length, location } as Node;
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

  /** Everything made by `build` carries the location of the present call: for helpers that make many nodes. */
  located<T>(build: () => T): T {
    const outer = this.#place;
    this.#place ??= Location.capture(this.located);
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
    return new Signal<S>(this, literal(this, BigInt(value), type, this.locate(this.constant)));
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
    this.#registers.at(-1)!.next = value.node;
    return register;
  }

  memory(name: string, options: MemoryOptions): MemoryHandle {
    const location = this.locate(this.memory);
    const reads: ReadPort[] = [];
    const writes: WritePort[] = [];
    const { depth, width, style = 'auto' } = options;
    const init = options.init?.map((v) => literal(this, BigInt(v), uint(width), location).value);
    if (init !== undefined && init.length > depth) this.#tooManyWords(name, depth, init.length, location);
    this.#memories.push({ name, depth, width, style, init, reads, writes, location });
    const bits = addressWidth(depth);
    const clock = this.#clock;
    const check = (what: string, expected: number, signal: UInt): Node => {
      if (signal.width !== expected)
        this.#widthError(`${what} of memory ${name}`, `uint(${expected})`, signal, location);
      return signal.node;
    };
    const word = (readName: string, address: UInt, port: Pick<ReadPort, 'kind' | 'enable' | 'underWrite'>): UInt => {
      const node = this.create({ tag: 'read', width, signed: false }, location) as ReadPort['node'];
      this.#names.set(node, readName);
      reads.push({ ...port, node, clock, address: check('the read address', bits, address) });
      return new Signal<'unsigned'>(this, node);
    };
    return {
      addressWidth: bits,
      read: (readName, address, { enable, underWrite = 'old' } = {}) => {
        const gate = enable === undefined ? undefined : check('the read enable', 1, enable);
        return word(readName, address, { kind: 'registered', enable: gate, underWrite });
      },
      readNow: (readName, address) =>
        word(readName, address, { kind: 'combinational', enable: undefined, underWrite: 'old' }),
      write: ({ address, data, enable, mask }) => {
        if (mask !== undefined && width % mask.width !== 0) this.#maskError(name, width, mask, location);
        writes.push({
          clock,
          address: check('the write address', bits, address),
          data: check('the write data', width, data),
          enable: check('the write enable', 1, enable),
          mask: mask?.node,
        });
      },
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
  instance<I extends Interface>(name: string, design: Design<I>): Outside<I> {
    const location = this.locate(this.instance);
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
    this.#instances.push({ name, module: design.module, inputs, results, location });
    return outside;
  }

  // The frame of a module.

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
    for (const [node, what] of this.#wires) {
      if (!this.#drivers.has(node)) this.#undriven(what, node);
    }
    const registers = this.#registers.map((r): Register => {
      if (r.next === undefined) this.#undriven(`register ${this.#names.get(r.node)}`, r.node);
      const { reset, enable, init } = r.options;
      return {
        node: r.node,
        clock: this.#clock,
        next: r.next ?? r.node,
        enable: enable?.node,
        reset: reset === undefined ? undefined : BigInt(reset),
        init: init === undefined ? undefined : BigInt(init),
      };
    });
    if (this.#diagnostics.length > 0) throw new DesignError(spec.name, this.#diagnostics);
    const clocked =
      this.#properties.length > 0 ||
      registers.length + this.#memories.length > 0 ||
      this.#instances.some((i) => i.module.clocks.length > 0);
    return {
      name: spec.name,
      doc: spec.doc,
      clocks: clocked ? [this.#clock] : [],
      ports: leavesOf(spec.ports).map((l) => ({ ...l.port, location: this.#location })),
      nodes: this.#nodes,
      registers,
      memories: this.#memories,
      instances: this.#instances,
      properties: this.#properties,
      drivers: this.#drivers,
      outputs: this.#outputs,
      names: this.#names,
      comments: this.#comments,
      location: this.#location,
    };
  }

  #register<S extends Sign>(
    name: string,
    type: Bits<S>,
    options: RegisterOptions,
    location: Location,
  ): RegisterSignal<S> {
    const node = this.create({ tag: 'reg', width: type.width, signed: type.signed }, location) as Reg;
    this.#names.set(node, name);
    for (const v of [options.reset, options.init]) if (v !== undefined) literal(this, BigInt(v), type, location);
    if (options.enable !== undefined && options.enable.width !== 1)
      this.#widthError(`the enable of register ${name}`, 'uint(1)', options.enable, location);
    const open: OpenRegister = { node, options, next: undefined };
    this.#registers.push(open);
    return new RegisterSignal<S>(this, node, (value, at) => {
      if (open.next !== undefined) this.#twice(`register ${name}`, at);
      open.next = this.#fitting(value, node, `the next value of register ${name}`, at);
    });
  }

  #net<S extends Sign>(type: Bits<S>, what: string, name: string | undefined, location: Location): DrivenSignal<S> {
    const node = this.create({ tag: 'wire', width: type.width, signed: type.signed }, location);
    if (name !== undefined) this.#names.set(node, name);
    this.#wires.set(node, what);
    return new DrivenSignal<S>(this, node, (value, at) => {
      if (this.#drivers.has(node)) this.#twice(what, at);
      this.#drivers.set(node, this.#fitting(value, node, what, at));
    });
  }

  #fitting(value: Operand<Sign>, target: Node, what: string, at: Location): Node {
    if (!(value instanceof Signal)) return literal(this, BigInt(value), target, at);
    if (value.width === target.width && value.node.signed === target.signed) return value.node;
    this.#widthError(what, showType(target), value, at);
    return target;
  }

  #widthError(what: string, expected: string, found: Signal, location: Location): void {
    const remedy = 'resize the value with .ext, .trunc, .asSigned or .asUnsigned so that the type is exact';
    this.report({
      id: 'width-mismatch',
      what: `${what} has the wrong type`,
      location,
      expected,
      found: showType(found.node),
      remedy,
    });
  }

  #property(kind: Property['kind'], name: string, condition: UInt, message: string, location: Location): void {
    if (condition.width !== 1) this.#widthError(`the condition of ${kind} ${name}`, 'uint(1)', condition, location);
    this.#properties.push({ kind, name, message, clock: this.#clock, condition: condition.node, location });
  }

  #tooManyWords(name: string, depth: number, found: number, location: Location): void {
    this.report({
      id: 'memory-init',
      what: `memory ${name} has more initial words than it is deep`,
      location,
      expected: `at most ${depth}`,
      found: `${found}`,
      remedy: 'shorten the contents, or make the memory deeper',
    });
  }

  #maskError(name: string, width: number, mask: UInt, location: Location): void {
    this.report({
      id: 'memory-mask',
      what: `the write mask of memory ${name} does not divide the word`,
      location,
      expected: `a mask whose width divides ${width}`,
      found: showType(mask.node),
      remedy: 'give one mask bit per group of equally many bits',
    });
  }

  #undriven(what: string, node: Node): void {
    this.report({
      id: 'undriven',
      what: `${what} is never driven`,
      location: node.location,
      expected: 'exactly one .drive (or .next for a register)',
      found: 'none',
      remedy: 'drive it, or remove it',
    });
  }

  #twice(what: string, location: Location): void {
    this.report({
      id: 'driven-twice',
      what: `${what} is driven a second time`,
      location,
      expected: 'exactly one driver',
      found: 'two',
      remedy: 'combine the two with .mux, or remove one',
    });
  }
}

const typeOf = (port: FlatPort): Bits => ({
  sign: port.signed ? 'signed' : 'unsigned',
  width: port.width,
  signed: port.signed,
});
