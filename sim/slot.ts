/** Reads and writes a value in the simulator's memory, in the simulator's form: extended to full 64-bit words. */
import { wordsFor } from './compile/wide.ts';

export class Slot {
  readonly #width: number;
  readonly #signed: boolean;
  readonly #low: Uint32Array;
  readonly #words: BigInt64Array;

  constructor(buffer: ArrayBuffer, address: number, type: { readonly width: number; readonly signed: boolean }) {
    this.#width = type.width;
    this.#signed = type.signed;
    this.#low = new Uint32Array(buffer, address, 2);
    this.#words = new BigInt64Array(buffer, address, wordsFor(type.width));
  }

  get(): bigint {
    const words = this.#words;
    if (words.length === 1) return this.#signed ? words[0]! : BigInt.asUintN(64, words[0]!);
    let value = this.#signed ? words.at(-1)! : BigInt.asUintN(64, words.at(-1)!);
    for (let i = words.length - 2; i >= 0; i--) value = (value << 64n) | BigInt.asUintN(64, words[i]!);
    return value;
  }

  getNumber(): number {
    if (this.#width > 53) return Number(this.get());
    const high = this.#low[1]!;
    return (this.#signed ? high | 0 : high) * 0x1_0000_0000 + this.#low[0]!;
  }

  set(value: bigint | number): void {
    if (typeof value === 'number' && this.#width <= 32 && Number.isInteger(value)) this.#setSmall(value);
    else this.#setBig(BigInt(value));
  }

  #setSmall(value: number): void {
    const unused = 32 - this.#width;
    if (this.#signed) {
      const low = (value << unused) >> unused;
      this.#low[0] = low;
      this.#low[1] = low >> 31;
    } else {
      this.#low[0] = (value << unused) >>> unused;
      this.#low[1] = 0;
    }
  }

  #setBig(value: bigint): void {
    let rest = this.#signed ? BigInt.asIntN(this.#width, value) : BigInt.asUintN(this.#width, value);
    for (let i = 0; i < this.#words.length; i++) {
      this.#words[i] = BigInt.asIntN(64, rest);
      rest >>= 64n;
    }
  }
}
