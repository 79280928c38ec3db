/** The state of a design before its first cycle, and the values that asynchronous resets set. */
import type { Layout } from './compile/layout.ts';
import type { StateSlot } from './compile/regions.ts';

/** Writes initial registers and memories, and reset values. Whatever has no initial value stays 0. */
export function writeInitialState(buffer: ArrayBuffer, { state, memories }: Layout): void {
  const bytes = new Uint8Array(buffer);
  for (const slot of state) {
    const { init, reset } = firstValues(slot);
    writeBytes(bytes, slot.address, slot.bytes, init);
    if (slot.image !== undefined) writeBytes(bytes, slot.image, slot.bytes, reset);
  }
  for (const { memory, address, stride } of memories) {
    for (const [index, word] of (memory.init ?? []).slice(0, memory.depth).entries())
      writeBytes(bytes, address + index * stride, stride, BigInt.asUintN(memory.width, word));
  }
}

/** Of state: at power-up and after a reset, as it is kept. */
function firstValues({ content, held }: StateSlot): { init: bigint; reset: bigint } {
  if (held !== undefined) {
    const zero = BigInt(held.memory.memory.depth * held.memory.stride);
    return { init: zero, reset: zero };
  }
  if (content.kind === 'read') return { init: 0n, reset: 0n };
  const { node, register } = content;
  const asInteger = (value = 0n) =>
    node.signed ? BigInt.asIntN(node.width, value) : BigInt.asUintN(node.width, value);
  return { init: asInteger(register.init), reset: asInteger(register.reset) };
}

/** The low bytes of a value, the others of which are still 0. */
function writeBytes(memory: Uint8Array, address: number, count: number, value: bigint): void {
  let rest = value;
  for (let i = 0; i < count && rest !== 0n; i++) {
    memory[address + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
