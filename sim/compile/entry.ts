/** The functions that the host calls, written around the parts that compute the design. */
import type { WasmFunction } from '../wasm/module.ts';
import { op, type, type ValueType } from '../wasm/op.ts';
import { type CheckLayout, emitCheck, emitNote } from './checks.ts';
import { Code } from './code.ts';
import { edge, resetAtOnce, whenOpen } from './edge.ts';
import type { Layout, PortSlot } from './layout.ts';
import { topBits, wordsFor } from './wide.ts';

/** What a compiled design exports besides its `memory`; pointers and sizes in bytes, clocks as a bit mask. */
export interface EntryPoints {
  /** Computes outputs, visible nets, next state and pending writes from inputs and present state. */
  readonly eval: () => void;
  /** The rising edge of the clocks in the mask; `eval` must have run. */
  readonly commit: (clocks: number) => void;
  /** Before `commit`: counts and records what the present cycle shows. Missing when there is nothing to check. */
  readonly check?: (clocks: number) => void;
  /** `cycles` times eval, check and commit. */
  readonly run: (cycles: number, clocks: number) => void;
  /** Writes the packed row of the inputs or outputs. */
  readonly rowOfInputs: (row: number) => void;
  readonly rowOfOutputs: (row: number) => void;
  /** Per cycle: takes a row of inputs, evaluates, writes a row of outputs, checks and commits. */
  readonly replay: (inputs: number, outputs: number, cycles: number, clocks: number) => void;
}

/** A compiled design with a memory of its own. */
export type Instance = EntryPoints & { readonly memory: { readonly buffer: ArrayBuffer } };

const { i32 } = type;

/** Functions that are called when a gate is open (0: always), by their numbers in the binary: `from` to `to` - 1. */
export interface Part {
  readonly gate: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The exported functions, which follow those of `parts` in the binary. `stop`: `run` and `replay` end before the edge of
 * a cycle in which a check has recorded a violation.
 */
export function entryPoints(layout: Layout, parts: readonly Part[], stop: boolean): WasmFunction[] {
  const functions: WasmFunction[] = [];
  const count = parts.at(-1)?.to ?? 0;
  const define = (name: string, parameters: readonly ValueType[], build: (code: Code) => void): number => {
    const code = new Code(parameters.length);
    build(code);
    functions.push({ name, parameters, locals: code.locals, code: code.bytes.view() });
    return count + functions.length - 1;
  };
  const { checks } = layout;
  const evaluate = (code: Code) => {
    resetAtOnce(code, layout);
    for (const { gate, from, to } of parts) {
      whenOpen(code, layout, gate, () => {
        for (let i = from; i < to; i++) code.with(op.call, i);
      });
    }
  };
  define('eval', [], evaluate);
  const commit = define('commit', [i32], (code) => edge(code, layout));
  const check = checks === undefined ? undefined : defineChecks(define, checks);
  /** What ends a cycle inside `repeat`; the mask of clocks is in `local`. */
  const endCycle = (code: Code, local: number) => {
    if (check !== undefined) code.with(op.localGet, local).with(op.call, check);
    if (stop && checks !== undefined) code.load(checks.violations).op(op.i32WrapI64).with(op.brIf, 1);
    code.with(op.localGet, local).with(op.call, commit);
  };
  define('run', [i32, i32], (code) =>
    code.repeat(0, () => {
      evaluate(code);
      endCycle(code, 1);
    }));
  define('rowOfInputs', [i32], (code) => copyToRow(code, layout.inputs));
  const rowOfOutputs = define('rowOfOutputs', [i32], (code) => copyToRow(code, layout.outputs));
  define('replay', [i32, i32, i32, i32], (code) =>
    code.repeat(2, () => {
      copyFromRow(code, layout.inputs);
      evaluate(code);
      code.with(op.localGet, 1).with(op.call, rowOfOutputs);
      endCycle(code, 3);
      code.advance(0, rowBytes(layout.inputs)).advance(1, rowBytes(layout.outputs));
    }));
  return functions;
}

type Define = (name: string, parameters: readonly ValueType[], build: (code: Code) => void) => number;

function defineChecks(define: Define, checks: CheckLayout): number {
  const note = define('note', [i32], (code) => emitNote(code, checks));
  return define('check', [i32], (code) => emitCheck(code, checks, note));
}

export function rowBytes(slots: readonly PortSlot[]): number {
  return slots.reduce((sum, { port }) => sum + 8 * wordsFor(port.width), 0);
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
