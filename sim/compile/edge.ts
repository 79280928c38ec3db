/** What happens to state besides its computation: moves and writes at a clock edge, reset values. */
import { memoryCopy, op, v128Load, v128Store } from '../wasm/op.ts';
import type { Code } from './code.ts';
import type { Layout, WriteSlot } from './layout.ts';
import type { Bundle, Region } from './regions.ts';
import { loadOf, storeOf } from './space.ts';
import { wordsFor } from './wide.ts';

/** Copies longer than this are left to `memory.copy`. */
const unrolledBytes = 2048;

/** Runs `body` when the gate of this number is open. */
export function whenOpen(code: Code, { gates }: Layout, gate: number, body: () => void): void {
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
export function resetAtOnce(code: Code, layout: Layout): void {
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
        for (const { address, image, bytes } of reset) moveBytes(code, address, () => code.const(0), image!, bytes);
      });
  }
}

/**
 * The rising edge of the clocks in local 0. Everything was computed before it: next state becomes state, clock after
 * clock, and pending writes happen in the order of their ports, whatever their clocks.
 */
export function edge(code: Code, layout: Layout): void {
  const { regions, writes, checks } = layout;
  const steps: { clock: number; emit: () => void }[] = regions.map((list, clock) => ({
    clock,
    emit: () => {
      for (const { bundles, gate } of list)
        whenOpen(code, layout, gate, () => {
          for (const bundle of bundles) move(code, bundle);
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
  const offset = code.load(pointer).op(op.i32WrapI64).local();
  for (let word = 0; word < wordsFor(memory.memory.width); word++) {
    const at = 8 * word;
    code.with(op.localGet, offset).load(data + at);
    if (keep !== undefined) {
      code.with(op.localGet, offset).memory(loadOf(stride, false), address + at);
      code
        .load(keep + at)
        .op(op.i64And)
        .op(op.i64Or);
    }
    code.memory(storeOf(stride), address + at);
  }
}

function move(code: Code, { address, from, bytes }: Bundle): void {
  if (typeof from === 'number') {
    moveBytes(code, address, () => code.const(0), from, bytes);
  } else {
    const offset = code.load(from.pointer).op(op.i32WrapI64).local();
    moveBytes(code, address, () => code.with(op.localGet, offset), from.memory.address, bytes);
  }
}

/**
 * Moves a multiple of 16 bytes to a constant address, from `from` plus what `base` leaves on the stack; from the last to the first: they may
 * overlap where `to` is above `from`.
 */
function moveBytes(code: Code, to: number, base: () => Code, from: number, bytes: number): void {
  if (bytes > unrolledBytes) {
    code.const(to);
    base().const(from).op(op.i32Add).const(bytes);
    code.bytes.append([op.prefixBulk, memoryCopy, 0, 0]);
    return;
  }
  for (let at = bytes - 16; at >= 0; at -= 16) {
    code.const(0);
    base()
      .vector(v128Load, from + at)
      .vector(v128Store, to + at);
  }
}
