/**
 * A store of the scan alone. That a cleared sequence's exponents read as zeros shows in no result of the unit, as a state of zeros is zero in any
 * unit; but in a simulator that knows X, what a memory holds at power-up would stay in every exponent after it.
 */
import type { Module } from '../gen/index.ts';
import { type Agent, createSimulator, driveStream, monitorStream, reset, runUntil, SimProblem } from '../sim/index.ts';

const regionWords = 3;
/** Tokens of one sequence, and whether each is the first after a clear. */
const clears = [true, false, true, false] as const;

/** Writes all ones after each token, and expects them again or, of a cleared token, zeros; returns what a store does wrong, or undefined. */
export function scanStoreWork(store: Module): string | undefined {
  const engine = createSimulator(store, { properties: 'throw' });
  try {
    reset(engine);
    const port = (name: string) => engine.handle(name);
    const ones = (1n << BigInt(port('read_data').port.width)) - 1n;
    const tokens = clears.map((clear) => ({ base: 0, words: regionWords, clear: clear ? 1 : 0 }));
    const expected = clears.flatMap((clear) => new Array<bigint>(regionWords).fill(clear ? 0n : ones));
    const read = monitorStream(engine, 'read', { stall: 0.5, seed: 3, count: expected.length });
    const [valid, ready, data] = [port('write_valid'), port('write_ready'), port('write_data')];
    let written = 0;
    const back: Agent = {
      drive: () => {
        valid.set(written < read.beats.length ? 1 : 0);
        data.set(ones);
      },
      observe: () => {
        if (valid.getNumber() === 1 && ready.getNumber() === 1) written++;
      },
      get done() {
        return written === expected.length;
      },
      get moved() {
        return written;
      },
      describe: () => `write: ${written} words of ${expected.length}`,
    };
    runUntil(engine, [driveStream(engine, 'region', tokens, { seed: 4 }), read, back], { limit: 1000 });
    const wrong = read.beats.findIndex((b, i) => b['data'] !== expected[i]);
    if (wrong < 0) return undefined;
    return `word ${wrong} of a store alone: ${expected[wrong]} expected, ${read.beats[wrong]!['data']} found`;
  } catch (error) {
    if (error instanceof SimProblem) return `${error.what}: ${error.found}`;
    throw error;
  } finally {
    engine.close();
  }
}
