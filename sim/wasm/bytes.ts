/** A growing byte buffer with the integer encodings of WebAssembly (LEB128, little endian). */
export class Bytes {
  #data: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#data = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  view(): Uint8Array {
    return this.#data.subarray(0, this.#length);
  }

  /** Takes back what was written after `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#data.length) return;
    const grown = new Uint8Array(Math.max(this.#data.length * 2, this.#length + more));
    grown.set(this.#data);
    this.#data = grown;
  }

  byte(value: number): void {
    if (this.#length === this.#data.length) this.#reserve(1);
    this.#data[this.#length++] = value;
  }

  append(bytes: ArrayLike<number>): void {
    this.#reserve(bytes.length);
    this.#data.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  signed(value: number | bigint): void {
    if (typeof value === 'bigint' && BigInt.asIntN(32, value) !== value) {
      this.#signedBig(value);
      return;
    }
    let rest = Number(value);
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  #signedBig(value: bigint): void {
    let rest = value;
    for (;;) {
      const low = Number(BigInt.asUintN(7, rest));
      rest >>= 7n;
      if ((rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    this.append(bytes);
  }
}
