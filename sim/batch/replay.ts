/** The program of a batch's threads: one instance of the compiled design, put back to power-up for every stimulus. */
import type { EntryPoints } from '../compile/entry.ts';
import type { Clocks } from '../engine.ts';
import { instantiateModule } from '../wasm/instance.ts';
import { type RowBuffer, replayRows } from './rows.ts';

/** A compiled design that any thread can start. */
export interface Startable extends RowBuffer {
  readonly module: object;
  /** Its memory at power-up, from address 0 on. */
  readonly image: Uint8Array;
}

export interface Stimulus {
  /** One row of inputs per cycle, as engines take them. */
  readonly inputs: Uint32Array;
  readonly cycles: number;
  /** As for `replay`; default: the first clock in every cycle. */
  readonly clocks?: Clocks;
}

export function open({ module, image, ...rows }: Startable): (stimulus: Stimulus) => Uint32Array {
  const code = instantiateModule(module) as unknown as EntryPoints & {
    readonly memory: { readonly buffer: ArrayBuffer };
  };
  const memory = new Uint8Array(code.memory.buffer);
  return ({ inputs, cycles, clocks = 1 }) => {
    memory.set(image);
    return replayRows(code, code.memory.buffer, rows, inputs, cycles, clocks);
  };
}
