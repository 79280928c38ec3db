/** The state of a design before its first cycle, and the values that asynchronous resets set. */
import type { Layout, MemorySlot } from './compile/layout.ts';
import { Slot } from './slot.ts';

/** Writes initial registers and memories, and reset values. Whatever has no initial value stays 0. */
export function writeInitialState(buffer: ArrayBuffer, { state, memories }: Layout): void {
  for (const slot of state) {
    if (slot.kind !== 'register') continue;
    const { init, reset } = slot.register;
    if (init !== undefined) new Slot(buffer, slot.address, slot.node).set(init);
    if (reset !== undefined && slot.image !== undefined) new Slot(buffer, slot.image, slot.node).set(reset);
  }
  for (const slot of memories) writeContents(buffer, slot);
}

function writeContents(buffer: ArrayBuffer, { memory, address, stride }: MemorySlot): void {
  const bytes = new Uint8Array(buffer);
  for (const [index, word] of (memory.init ?? []).slice(0, memory.depth).entries()) {
    let rest = BigInt.asUintN(memory.width, word);
    for (let i = 0; i < stride && rest !== 0n; i++) {
      bytes[address + index * stride + i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  }
}
