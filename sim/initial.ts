/** The state of a design before its first cycle, and the values that asynchronous resets set. */
import type { Layout } from './compile/layout.ts';
import type { StateSlot } from './compile/regions.ts';

/** Writes initial registers and memories, and reset values. Whatever has no initial value stays 0. */
export function writeInitialState(buffer: ArrayBuffer, { state, memories }: Layout): void {
  const bytes = new Uint8Array(buffer);
  const write = ({ bytes: count, content }: StateSlot, address: number | undefined, value: bigint | undefined) => {
    if (value === undefined || value === 0n || address === undefined) return;
    const { signed, width } = content.node;
    writeBytes(bytes, address, count, signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value));
  };
  for (const slot of state) {
    if (slot.content.kind === 'read') continue;
    const { init, reset } = slot.content.register;
    write(slot, slot.address, init);
    write(slot, slot.image, reset);
  }
  for (const { memory, address, stride } of memories) {
    for (const [index, word] of (memory.init ?? []).slice(0, memory.depth).entries())
      writeBytes(bytes, address + index * stride, stride, BigInt.asUintN(memory.width, word));
  }
}

/** The low bytes of a value, the others of which are still 0. */
function writeBytes(memory: Uint8Array, address: number, count: number, value: bigint): void {
  let rest = value;
  for (let i = 0; i < count && rest !== 0n; i++) {
    memory[address + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
