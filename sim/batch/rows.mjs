// @ts-check
/*
 * Rows of inputs through a compiled design, as many at once as its row buffer holds. Plain JavaScript, as all that threads of a batch load: one
 * that has to prepare for TypeScript takes five times as long to start.
 */

/**
 * @typedef {object} RowBuffer
 * @property {{ readonly address: number, readonly bytes: number }} rows
 * @property {number} inputWords 32-bit words of a row
 * @property {number} outputWords
 */

/**
 * The mask of the clocks that rise in a cycle.
 *
 * @param {import('../engine.ts').Clocks} clocks
 * @param {number} cycle
 * @returns {number}
 */
export const clocksOf = (clocks, cycle) =>
  typeof clocks === 'number' ? clocks : /** @type {number} */ (clocks[cycle]);

/**
 * One row of outputs per cycle; `afterwards` is called behind every part of the run.
 *
 * @param {Pick<import('../compile/entry.ts').EntryPoints, 'replay'>} code
 * @param {ArrayBuffer} memory
 * @param {RowBuffer} buffer
 * @param {Uint32Array} inputs
 * @param {number} cycles
 * @param {import('../engine.ts').Clocks} clocks
 * @param {() => void} [afterwards]
 * @returns {Uint32Array}
 */
export function replayRows(code, memory, buffer, inputs, cycles, clocks, afterwards = () => undefined) {
  const {
    rows: { address, bytes },
    inputWords,
    outputWords,
  } = buffer;
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
