// @ts-check
/* The program of a batch's threads: one instance of the compiled design, put back to power-up for every stimulus. */
import { instantiateModule } from '../wasm/instance.mjs';
import { replayRows } from './rows.mjs';

/**
 * A compiled design that any thread can start.
 *
 * @typedef {object} StartableDesign
 * @property {object} module
 * @property {Uint8Array} image Its memory at power-up, from address 0 on.
 * @typedef {import('./rows.mjs').RowBuffer & StartableDesign} Startable
 */
/**
 * @typedef {object} Stimulus
 * @property {Uint32Array} inputs One row of inputs per cycle, as engines take them.
 * @property {number} cycles
 * @property {import('../engine.ts').Clocks} [clocks] As for `replay`; default: the first clock in every cycle.
 */

/** @type {(startable: Startable) => (stimulus: Stimulus) => Uint32Array} */
export const open = ({ module, image, ...rows }) => {
  const code = /** @type {import('../compile/entry.ts').Instance} */ (instantiateModule(module));
  const { buffer } = code.memory;
  const memory = new Uint8Array(buffer);
  return ({ inputs, cycles, clocks = 1 }) => {
    memory.set(image);
    return replayRows(code, buffer, rows, inputs, cycles, clocks);
  };
};
