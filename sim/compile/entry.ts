/** The functions that the host calls, written around the parts that compute the design. */
import { Bytes } from '../wasm/bytes.ts';
import type { WasmFunction } from '../wasm/module.ts';
import { memoryCopy, type Op, op, type, type ValueType, v128Load, v128Store } from '../wasm/op.ts';
import type { ClockSlot, Layout, PortSlot, Region } from './layout.ts';
import { topBits, wordsFor } from './wide.ts';

/** What a compiled design exports besides its `memory`; pointers and sizes in bytes, clocks as a bit mask. */
export interface EntryPoints {
  /** Computes outputs, visible nets, next state and pending writes from inputs and present state. */
  readonly eval: () => void;
  /** The rising edge of the clocks in the mask; `eval` must have run. */
  readonly commit: (clocks: number) => void;
  /** `cycles` times eval and commit. */
  readonly run: (cycles: number, clocks: number) => void;
  /** Writes the packed row of the inputs or outputs. */
  readonly rowOfInputs: (row: number) => void;
  readonly rowOfOutputs: (row: number) => void;
  /** Per cycle: takes a row of inputs, evaluates, writes a row of outputs, commits. */
  readonly replay: (inputs: number, outputs: number, cycles: number, clocks: number) => void;
}

/** Copies longer than this are left to `memory.copy`. */
const unrolledBytes = 2048;

const { i32 } = type;

class Code {
  readonly bytes = new Bytes();

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
  memory(code: Op, address: number): this {
    this.bytes.append([code, 0]);
    this.bytes.unsigned(address);
    return this;
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
  /** Repeats `body` as often as the i32 `counter` says, counting it down. */
  repeat(counter: number, body: (code: Code) => void): this {
    this.bytes.append([op.block, type.empty, op.loop, type.empty]);
    this.with(op.localGet, counter).op(op.i32Eqz).with(op.brIf, 1);
    body(this);
    this.advance(counter, -1).with(op.br, 0);
    return this.op(op.end).op(op.end);
  }
}

export function entryPoints(layout: Layout, parts: number): WasmFunction[] {
  const functions: WasmFunction[] = [];
  const define = (name: keyof EntryPoints, parameters: readonly ValueType[], build: (code: Code) => void): number => {
    const code = new Code();
    build(code);
    functions.push({ name, parameters, locals: [], code: code.bytes.view() });
    return parts + functions.length - 1;
  };
  const evaluate = define('eval', [], (code) => {
    for (let i = 0; i < parts; i++) code.with(op.call, i);
  });
  const commit = define('commit', [i32], (code) => {
    for (const [i, clock] of layout.clocks.entries()) {
      code
        .with(op.localGet, 0)
        .const(2 ** i)
        .op(op.i32And);
      code.bytes.append([op.if, type.empty]);
      edge(code, clock);
      code.op(op.end);
    }
  });
  define('run', [i32, i32], (code) =>
    code.repeat(0, () => code.with(op.call, evaluate).with(op.localGet, 1).with(op.call, commit)));
  define('rowOfInputs', [i32], (code) => copyToRow(code, layout.inputs));
  const rowOfOutputs = define('rowOfOutputs', [i32], (code) => copyToRow(code, layout.outputs));
  define('replay', [i32, i32, i32, i32], (code) =>
    code.repeat(2, () => {
      copyFromRow(code, layout.inputs);
      code.with(op.call, evaluate);
      code.with(op.localGet, 1).with(op.call, rowOfOutputs);
      code.with(op.localGet, 3).with(op.call, commit);
      code.advance(0, rowBytes(layout.inputs)).advance(1, rowBytes(layout.outputs));
    }));
  return functions;
}

export function rowBytes(slots: readonly PortSlot[]): number {
  return slots.reduce((sum, { port }) => sum + 8 * wordsFor(port.width), 0);
}

/** Next state becomes state, and the pending writes of the clock's memories happen, in the order of their ports. */
function edge(code: Code, { regions, writes }: ClockSlot): void {
  for (const region of regions) {
    if (region.gate === undefined) {
      copyRegion(code, region);
    } else {
      code.const(0).memory(op.i64Load, region.gate.address).op(op.i32WrapI64);
      code.bytes.append([op.if, type.empty]);
      copyRegion(code, region);
      code.op(op.end);
    }
  }
  for (const { memory, pointer, data } of writes) {
    const store = { 1: op.i64Store8, 2: op.i64Store16, 4: op.i64Store32 }[memory.stride] ?? op.i64Store;
    for (let word = 0; word < wordsFor(memory.memory.width); word++) {
      code.const(0).memory(op.i64Load, pointer).op(op.i32WrapI64);
      code.const(0).memory(op.i64Load, data + 8 * word);
      code.memory(store, memory.address + 8 * word);
    }
  }
}

function copyRegion(code: Code, { address, next, bytes }: Region): void {
  if (bytes > unrolledBytes) {
    code.const(address).const(next).const(bytes);
    code.bytes.append([op.prefixBulk, memoryCopy, 0, 0]);
    return;
  }
  for (let at = 0; at < bytes; at += 16) {
    code
      .const(0)
      .const(0)
      .vector(v128Load, next + at)
      .vector(v128Store, address + at);
  }
}

/** Ports to the row at local 0: the bits above a signed port's width are cleared. */
function copyToRow(code: Code, slots: readonly PortSlot[]): void {
  forEachWord(slots, (slot, word, bits, offset) => {
    code
      .with(op.localGet, 0)
      .const(0)
      .memory(op.i64Load, slot.address + 8 * word);
    if (slot.port.signed && bits < 64) code.const64((1n << BigInt(bits)) - 1n).op(op.i64And);
    code.memory(op.i64Store, offset);
  });
}

/** The row at local 0 to the ports: bits above the width are ignored, signed ports extended. */
function copyFromRow(code: Code, slots: readonly PortSlot[]): void {
  forEachWord(slots, (slot, word, bits, offset) => {
    code.const(0).with(op.localGet, 0).memory(op.i64Load, offset);
    if (bits < 64) {
      const shift = slot.port.signed ? op.i64ShrSigned : op.i64ShrUnsigned;
      code
        .const64(BigInt(64 - bits))
        .op(op.i64Shl)
        .const64(BigInt(64 - bits))
        .op(shift);
    }
    code.memory(op.i64Store, slot.address + 8 * word);
  });
}

function forEachWord(
  slots: readonly PortSlot[],
  visit: (slot: PortSlot, word: number, bits: number, offset: number) => void,
): void {
  let offset = 0;
  for (const slot of slots) {
    const words = wordsFor(slot.port.width);
    for (let word = 0; word < words; word++, offset += 8) {
      visit(slot, word, word === words - 1 ? topBits(slot.port.width) : 64, offset);
    }
  }
}
