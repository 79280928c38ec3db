/** Rows of inputs through a compiled design, as many at once as its row buffer holds. */
import type { EntryPoints } from '../compile/entry.ts';
import { type Clocks, clocksOf } from '../engine.ts';

export interface RowBuffer {
  readonly rows: { readonly address: number; readonly bytes: number };
  /** 32-bit words of a row. */
  readonly inputWords: number;
  readonly outputWords: number;
}

/** One row of outputs per cycle; `afterwards` is called behind every part of the run. */
export function replayRows(
  code: Pick<EntryPoints, 'replay'>,
  memory: ArrayBuffer,
  { rows: { address, bytes }, inputWords, outputWords }: RowBuffer,
  inputs: Uint32Array,
  cycles: number,
  clocks: Clocks,
  afterwards: () => void = () => undefined,
): Uint32Array {
  const rows = new Uint32Array(memory, address, bytes / 4);
  const outputs = new Uint32Array(cycles * outputWords);
  const room = Math.max(1, Math.floor(rows.length / Math.max(1, inputWords + outputWords)));
  for (let done = 0, count = 0; done < cycles; done += count) {
    const mask = clocksOf(clocks, done);
    for (count = 1; count < room && done + count < cycles && clocksOf(clocks, done + count) === mask; ) count++;
    rows.set(inputs.subarray(done * inputWords, (done + count) * inputWords));
    const from = count * inputWords;
    code.replay(address, address + 4 * from, count, mask);
    afterwards();
    outputs.set(rows.subarray(from, from + count * outputWords), done * outputWords);
  }
  return outputs;
}
