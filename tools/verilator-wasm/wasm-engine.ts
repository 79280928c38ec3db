import { stoppedProblem } from './drive.ts';
import type { Interface } from './harness.ts';
import type { Engine } from './model.ts';
import type { Files } from './verilate.ts';
import { wasiImports } from './wasi.ts';
import { type WasmMemory, type WasmModule, wasm } from './webassembly.ts';

interface Exports {
  readonly memory: WasmMemory;
  _initialize(): void;
  harness_start(): void;
  harness_rows_in(): number;
  harness_clocks(): number;
  harness_rows_out(): number;
  harness_eval(): void;
  harness_tick(clocks: number): void;
  harness_replay(cycles: number): void;
  harness_step(cycles: number): void;
  harness_finish(): void;
}

/** A new instance of a compiled model, in this thread. `files`: what $readmemh may read. */
export function startWasm(module: WasmModule, files: Files, request: Interface): Engine {
  const guard = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw stoppedProblem(request, error instanceof Error ? error.message : String(error));
    }
  };
  const instance = new wasm.Instance(module, {
    wasi_snapshot_preview1: wasiImports(files, () => exports.memory),
  });
  const exports = instance.exports as unknown as Exports;
  guard(() => {
    exports._initialize();
    exports.harness_start();
  });
  const rowsIn = exports.harness_rows_in() / 4;
  const clocksIn = exports.harness_clocks() / 4;
  const rowsOut = exports.harness_rows_out() / 4;

  // The memory may grow during any call, which detaches the old buffer: look at it anew when it did.
  let words = new Uint32Array(exports.memory.buffer);
  const memory = () => {
    if (words.length === 0) words = new Uint32Array(exports.memory.buffer);
    return words;
  };
  const exchange = (inputs: Uint32Array, outputs: Uint32Array, call: () => void) => {
    memory().set(inputs, rowsIn);
    guard(call);
    const from = memory();
    if (outputs.length > 64) outputs.set(from.subarray(rowsOut, rowsOut + outputs.length));
    else for (let k = 0; k < outputs.length; k++) outputs[k] = from[rowsOut + k]!;
  };
  return {
    eval: (inputs, outputs) => exchange(inputs, outputs, exports.harness_eval),
    tick: (inputs, clocks, outputs) => exchange(inputs, outputs, () => exports.harness_tick(clocks)),
    replay: (inputs, clocks, outputs) => {
      memory().set(clocks, clocksIn);
      exchange(inputs, outputs, () => exports.harness_replay(clocks.length));
    },
    step: (inputs, cycles, clocks, outputs) => {
      memory()[clocksIn] = clocks;
      exchange(inputs, outputs, () => exports.harness_step(cycles));
    },
    close: () => guard(exports.harness_finish),
  };
}
