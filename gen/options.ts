/** What registers and memories are made with. */
import type { Crossing, Memory, ReadPort } from './ir.ts';
import type { Bits, Shape } from './shape.ts';
import type { UInt } from './signal.ts';
import type { Constant, Readable, Value } from './value.ts';

export interface RegisterOptions<T extends Shape = Bits> {
  /** Value while the reset is 1; without it the register is not reset. */
  readonly reset?: Constant<T>;
  /** The register keeps its value while this is 0. */
  readonly enable?: UInt;
  /** Value at power-up; without it unknown. FPGAs can, most ASICs cannot. */
  readonly init?: Constant<T>;
  /** For synchronisers: how it may take a value of another domain. */
  readonly crossing?: Crossing;
}

export interface MemoryOptions<T extends Shape> {
  /** Words, 1 or more. */
  readonly depth: number;
  /** Of a word; its leaves lie side by side, the first in the low bits. */
  readonly shape: T;
  /** What it is made of (docs/memories.md); default `auto`, the choice of the synthesis tool. */
  readonly style?: Memory['style'];
  /** Contents at power-up, from word 0 on; the rest is zero. */
  readonly init?: readonly Constant<T>[];
  /** Reads may be in another domain than writes, because a word is read only when its write is known to have happened. */
  readonly crossing?: Memory['crossing'];
}

export interface ReadOptions {
  /** The data is kept while this is 0. */
  readonly enable?: UInt;
  /** What the read sees of a write to its word at the same edge; default `old`. */
  readonly underWrite?: ReadPort['underWrite'];
}

export interface WriteOptions<T extends Shape> {
  readonly address: UInt;
  readonly data: Value<T>;
  readonly enable: UInt;
  /** Bit i enables group i of the word, each `width / mask.width` bits (byte enables); without it the whole word. */
  readonly mask?: UInt;
}

/**
 * A memory: any number of ports. Addresses are `addressWidth` bits wide. Beyond the depth, which they reach when it is 1 or
 * no power of two, a write has no effect and a read is undefined.
 */
export interface MemoryHandle<T extends Shape = Bits<'unsigned'>> {
  readonly addressWidth: number;
  /** Data one cycle after the address. */
  read(name: string, address: UInt, options?: ReadOptions): Readable<T>;
  /** Data in the same cycle as the address: registers or LUT-RAM, never block RAM. */
  readNow(name: string, address: UInt): Readable<T>;
  /** Takes effect at the clock edge. */
  write(port: WriteOptions<T>): void;
}
