/** WebAssembly instructions written one by one, for the functions around the parts that compute the design. */
import { Bytes } from '../wasm/bytes.ts';
import type { WasmFunction } from '../wasm/module.ts';
import { type Op, op, type } from '../wasm/op.ts';

export class Code {
  readonly bytes = new Bytes();
  readonly #parameters: number;
  #locals = 0;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** Those beyond the parameters. */
  get locals(): WasmFunction['locals'] {
    return this.#locals === 0 ? [] : [{ count: this.#locals, type: type.i32 }];
  }
  /** Takes the i32 on the stack to a new local. */
  local(): number {
    const local = this.#parameters + this.#locals++;
    this.with(op.localSet, local);
    return local;
  }

  op(code: Op): this {
    this.bytes.byte(code);
    return this;
  }
  with(code: Op, operand: number): this {
    this.bytes.byte(code);
    this.bytes.unsigned(operand);
    return this;
  }
  const(value: number): this {
    this.bytes.byte(op.i32Const);
    this.bytes.signed(value);
    return this;
  }
  const64(value: bigint): this {
    this.bytes.byte(op.i64Const);
    this.bytes.signed(value);
    return this;
  }
  /** A load or store at the i32 on the stack plus `address`. */
  memory(code: Op, address: number): this {
    this.bytes.append([code, 0]);
    this.bytes.unsigned(address);
    return this;
  }
  /** The 64 bits at a constant address. */
  load(address: number): this {
    return this.const(0).memory(op.i64Load, address);
  }
  vector(code: number, address: number): this {
    this.bytes.append([op.prefixVector, code, 0]);
    this.bytes.unsigned(address);
    return this;
  }
  /** `local += amount` */
  advance(local: number, amount: number): this {
    return this.with(op.localGet, local).const(amount).op(op.i32Add).with(op.localSet, local);
  }
  /** The 64-bit counter at `address` plus what `amount` leaves on the stack. */
  count(address: number, amount: (code: Code) => void): this {
    this.const(0).load(address);
    amount(this);
    return this.op(op.i64Add).memory(op.i64Store, address);
  }
  /** Runs `body` when the i32 on the stack is not 0. */
  if(body: (code: Code) => void): this {
    this.bytes.append([op.if, type.empty]);
    body(this);
    return this.op(op.end);
  }
  /** Runs `body` when the i32 in `local` has all bits of `mask`, of which there is at least one. */
  ifBits(local: number, mask: number, body: (code: Code) => void): this {
    this.with(op.localGet, local).const(mask).op(op.i32And);
    if (Math.log2(mask) % 1 !== 0) this.const(mask).op(op.i32Eq);
    return this.if(body);
  }
  /** Repeats `body` as often as the i32 `counter` says, counting it down; in it, a branch of depth 1 leaves the loop. */
  repeat(counter: number, body: (code: Code) => void): this {
    this.bytes.append([op.block, type.empty, op.loop, type.empty]);
    this.with(op.localGet, counter).op(op.i32Eqz).with(op.brIf, 1);
    body(this);
    this.advance(counter, -1).with(op.br, 0);
    return this.op(op.end).op(op.end);
  }
}
