import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { GoldenProblem } from '../problem.ts';

/** The part of the WebAssembly interface that is used here (TypeScript declares it for browsers only). */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
interface WasmApi {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: boolean }) => WasmMemory;
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: WasmMemory } }) => { readonly exports: object };
}
const wasm = (globalThis as unknown as { readonly WebAssembly: WasmApi }).WebAssembly;

/** Node 20 has relaxed SIMD behind this flag, later ones without. */
const RELAXED_SIMD = '--experimental-wasm-relaxed-simd';

const PAGE = 65536;
/** Below lies what the compiler may use for itself. */
const FIRST_FREE = 2 * PAGE;

/** Arrays one after another in a WebAssembly memory that grows; never freed one by one. */
export interface Heap {
  readonly memory: WasmMemory;
  floats(count: number): Float32Array;
  words(count: number): Uint32Array;
  /** The functions of a compiled kernel file, working on this memory. */
  instantiate(file: string): object;
}

/** A heap of at most 4 GiB. Its memory is a shared one, because growing that leaves the arrays where they are. Errors: `model-too-large`. */
export function createHeap(): Heap {
  const memory = new wasm.Memory({ initial: FIRST_FREE / PAGE, maximum: 65536, shared: true });
  let next = FIRST_FREE;
  const claim = (bytes: number) => {
    const start = next;
    next += Math.ceil(bytes / 16) * 16;
    const missing = Math.ceil((next - memory.buffer.byteLength) / PAGE);
    if (missing > 0) grow(memory, missing, next);
    return start;
  };
  return {
    memory,
    floats(count) {
      const start = claim(4 * count);
      return new Float32Array(memory.buffer, start, count);
    },
    words(count) {
      const start = claim(4 * count);
      return new Uint32Array(memory.buffer, start, count);
    },
    instantiate: (file) => instantiateKernels(file, memory),
  };
}

/** The functions of a compiled kernel file on a memory, which may be shared with other threads: kernels keep nothing but what is in it. */
export function instantiateKernels(file: string, memory: WasmMemory): object {
  const bytes = readFileSync(new URL(`../kernels/${file}`, import.meta.url));
  if (!wasm.validate(bytes)) setFlagsFromString(RELAXED_SIMD);
  return new wasm.Instance(new wasm.Module(bytes), { env: { memory } }).exports;
}

function grow(memory: WasmMemory, pages: number, bytes: number): void {
  try {
    memory.grow(pages);
  } catch (cause) {
    const facts = {
      id: 'model-too-large',
      what: 'the model does not fit the memory of the fast kernels',
      where: 'float model, WebAssembly SIMD kernels',
      expected: 'at most 4 GiB for weights, states and one span of tokens, and as much free memory',
      found: `${(bytes / 2 ** 30).toFixed(2)} GiB asked for`,
      remedy: 'use fewer sequences or a shorter chunk, or the plain kernels',
    } as const;
    throw new GoldenProblem(facts, { cause });
  }
}
