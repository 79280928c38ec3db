/** What a module body holds in its hands: nets to drive, registers, memories, and the options they are made with. */
import type { Driven } from './interface.ts';
import type { Crossing, Memory, Node, ReadPort } from './ir.ts';
import type { Location } from './location.ts';
import { type NodeFactory, type Operand, type Sign, Signal, type UInt } from './signal.ts';

/** A signal whose driver comes later. */
export class DrivenSignal<S extends Sign> extends Signal<S> implements Driven<S> {
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
  /** For synchronisers: how it may take a value of another domain. */
  readonly crossing?: Crossing;
}

export interface MemoryOptions {
  readonly depth: number;
  readonly width: number;
  readonly style?: Memory['style'];
  /** Contents at power-up, from word 0 on; the rest is zero. */
  readonly init?: readonly (number | bigint)[];
  /** Reads may be in another domain than writes, because a word is read only when its write is known to have happened. */
  readonly crossing?: Memory['crossing'];
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
