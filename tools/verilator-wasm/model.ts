import type { NativeTools } from './find.ts';
import type { ModelPort } from './harness.ts';

/** What to build; see `buildModel`. */
export interface BuildRequest {
  /**
   * Text by file name, relative with `/`. Files ending in .v or .sv are compiled in this order; others (headers, memory
   * images) are there for `include and, when the model runs, for $readmemh and $readmemb.
   */
  readonly files: Readonly<Record<string, string>>;
  readonly top: string;
  /** All ports of `top` except the clocks. */
  readonly ports: readonly ModelPort[];
  /** The clocks of `top`, for example ['clk']. */
  readonly clocks: readonly string[];
  /** Verilog macros: 'NAME' or 'NAME=value'. */
  readonly defines?: readonly string[];
  /** `auto`: native where Verilator 5 and a C++ compiler are on PATH, else WebAssembly. */
  readonly how: 'wasm' | 'native' | 'auto';
  /** What the C++ compiler shall be good at: a model that runs fast (default), or one that is soon there. */
  readonly effort?: 'run' | 'build';
  /** Native tools to build with; default: those on PATH. */
  readonly tools?: NativeTools;
  /** Further flags of the native C++ compiler, such as -march=native: such a model may not run on another machine. */
  readonly compilerFlags?: readonly string[];
  /** Whether the model stays in the cache for the next build like this one; default true. */
  readonly keep?: boolean;
  readonly onProgress?: (what: string) => void;
}

/** A design that runs, driven cycle by cycle. All calls are synchronous. */
export interface VerilatedModel {
  /** Verilator's version: '5.006'. */
  readonly version: string;
  readonly how: 'wasm' | 'native';
  /**
   * The input ports in the order of the request, packed. Each port takes ceil(width/64) 64-bit slots, that is
   * 2*ceil(width/64) words, least significant first; bits above the width are ignored.
   */
  readonly inputs: Uint32Array;
  /** The output ports, packed in the same way; bits above the width are zero. */
  readonly outputs: Uint32Array;
  /** Applies the inputs, lets combinational logic settle, refreshes the outputs; no clock edge. */
  eval(): void;
  /**
   * Applies the inputs and lets them settle; then the rising edge of every clock in the bit mask at once (default 1, the
   * first clock), then their falling edge; refreshes the outputs.
   */
  tick(clocks?: number): void;
  /**
   * `cycles` times: applies one row of inputs, settles, samples one row of outputs, ticks the clocks of a mask (one for all,
   * default the first clock, or one per row). Rows are packed like `inputs` and `outputs` and follow one another; returns
   * the sampled rows. `inputs` and `outputs` are left alone.
   */
  replay(inputs: Uint32Array, cycles: number, clocks?: number | Uint32Array): Uint32Array;
  /** `cycles` times `tick` with the inputs as they are, in one call; refreshes the outputs after the last. */
  step(cycles: number, clocks?: number): void;
  /** Runs `final` blocks and gives everything back; the model cannot be used afterwards. */
  close(): void;
}

/** A compiled design, of which any number of instances may live at once. */
export interface CompiledModel {
  readonly version: string;
  readonly how: 'wasm' | 'native';
  /** A new instance with its own state; a millisecond for WebAssembly, a process for native. */
  instantiate(): VerilatedModel;
}

/** What runs a model; `drive` (drive.ts) makes a `VerilatedModel` of it. Rows are packed as there. */
export interface Engine {
  eval(inputs: Uint32Array, outputs: Uint32Array): void;
  tick(inputs: Uint32Array, clocks: number, outputs: Uint32Array): void;
  /** A cycle per mask in `clocks`, at most `rowsPerCall` (harness.ts). */
  replay(inputs: Uint32Array, clocks: Uint32Array, outputs: Uint32Array): void;
  step(inputs: Uint32Array, cycles: number, clocks: number, outputs: Uint32Array): void;
  close(): void;
}
