/** The functions that the host calls, written around the parts that compute the design. */
import type { WasmFunction } from '../wasm/module.ts';
import { memoryCopy, op, type, type ValueType, v128Load, v128Store } from '../wasm/op.ts';
import { type CheckLayout, emitCheck, emitNote } from './checks.ts';
import { Code } from './code.ts';
import type { Layout, PortSlot, WriteSlot } from './layout.ts';
import type { Region } from './regions.ts';
import { loadOf, storeOf } from './space.ts';
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

/** Copies longer than this are left to `memory.copy`. */
const unrolledBytes = 2048;

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
    const code = new Code();
    build(code);
    functions.push({ name, parameters, locals: [], code: code.bytes.view() });
    return count + functions.length - 1;
  };
  const { checks } = layout;
  const evaluate = define('eval', [], (code) => {
    resetAtOnce(code, layout);
    for (const { gate, from, to } of parts) {
      whenOpen(code, layout, gate, () => {
        for (let i = from; i < to; i++) code.with(op.call, i);
      });
    }
  });
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
      code.with(op.call, evaluate);
      endCycle(code, 1);
    }));
  define('rowOfInputs', [i32], (code) => copyToRow(code, layout.inputs));
  const rowOfOutputs = define('rowOfOutputs', [i32], (code) => copyToRow(code, layout.outputs));
  define('replay', [i32, i32, i32, i32], (code) =>
    code.repeat(2, () => {
      copyFromRow(code, layout.inputs);
      code.with(op.call, evaluate);
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

/** Runs `body` when the gate of this number is open. */
function whenOpen(code: Code, { gates }: Layout, gate: number, body: () => void): void {
  if (gate === 0) body();
  else
    code
      .load(gates[gate - 1]!)
      .op(op.i32WrapI64)
      .if(body);
}

/**
 * Before anything is computed: while an asynchronous reset is 1, its registers are set to their reset values. Edges set them
 * again, as with a synchronous reset. This is
 * `always @(posedge clk or posedge rst)` for inputs that change before an evaluation and settle in it: the register is
 * reset once any evaluation has seen the reset, stays so while it lasts, and goes on from there at the first edge after it.
 */
function resetAtOnce(code: Code, layout: Layout): void {
  resetRegions(
    code,
    layout,
    layout.regions.flat().filter((r) => r.reset?.atOnce === true),
  );
}

/** Sets regions to their reset values where their reset is 1. */
function resetRegions(code: Code, { inputs }: Layout, regions: readonly Region[]): void {
  for (const port of new Set(regions.flatMap(({ reset }) => (reset === undefined ? [] : [reset.port])))) {
    const { address } = inputs.find((slot) => slot.port.name === port)!;
    const reset = regions.flatMap((r) => (r.reset?.port === port ? r.bundles : []));
    code
      .load(address)
      .op(op.i32WrapI64)
      .if(() => {
        for (const { address, image, bytes } of reset) moveBytes(code, address, image!, bytes);
      });
  }
}

/**
 * The rising edge of the clocks in local 0. Everything was computed before it: next state becomes state, clock after
 * clock, and pending writes happen in the order of their ports, whatever their clocks.
 */
function edge(code: Code, layout: Layout): void {
  const { regions, writes, checks } = layout;
  const steps: { clock: number; emit: () => void }[] = regions.map((list, clock) => ({
    clock,
    emit: () => {
      for (const { bundles, gate } of list)
        whenOpen(code, layout, gate, () => {
          for (const { address, next, bytes } of bundles) moveBytes(code, address, next, bytes);
        });
      resetRegions(code, layout, list);
    },
  }));
  steps.push(
    ...writes.map((write) => ({
      clock: write.clock,
      emit: () => whenOpen(code, layout, write.gate, () => writeWord(code, write)),
    })),
  );
  for (let i = 0; i < steps.length; ) {
    const { clock } = steps[i]!;
    code.ifBits(0, 2 ** clock, () => {
      for (; steps[i]?.clock === clock; i++) steps[i]!.emit();
    });
  }
  if (checks !== undefined) code.count(checks.cycle, () => code.const64(1n));
}

function writeWord(code: Code, { memory, pointer, data, keep }: WriteSlot): void {
  const { address, stride } = memory;
  for (let word = 0; word < wordsFor(memory.memory.width); word++) {
    const at = 8 * word;
    code.load(pointer).op(op.i32WrapI64);
    code.load(data + at);
    if (keep !== undefined) {
      code
        .load(pointer)
        .op(op.i32WrapI64)
        .memory(loadOf(stride, false), address + at);
      code
        .load(keep + at)
        .op(op.i64And)
        .op(op.i64Or);
    }
    code.memory(storeOf(stride), address + at);
  }
}

/** Moves a multiple of 16 bytes, from the last to the first: they may overlap where `to` is above `from`. */
function moveBytes(code: Code, to: number, from: number, bytes: number): void {
  if (bytes > unrolledBytes) {
    code.const(to).const(from).const(bytes);
    code.bytes.append([op.prefixBulk, memoryCopy, 0, 0]);
    return;
  }
  for (let at = bytes - 16; at >= 0; at -= 16) {
    code
      .const(0)
      .const(0)
      .vector(v128Load, from + at)
      .vector(v128Store, to + at);
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
