/** Memory of the fixed-point kernels: what is placed there is addressed by numbers, so that any thread can be told of it. */
import { createHeap, type WasmMemory } from '../../float/heap.ts';
import type { Clamped } from '../projection.ts';

export interface KernelMemory {
  readonly memory: WasmMemory;
  /** The functions of kernels/fixed.c on this memory. */
  readonly kernels: Kernels;
  /** Copies integers; gives their address. */
  place(values: ArrayLike<number>): number;
  ints(count: number): Int32Array;
  bytes(count: number): Int8Array;
  /** The address of a thread's counter of clamped results. */
  counter(name: string, thread: number): number;
  /** Sums over the threads, by name, where not 0. */
  clamped(): Clamped;
}

/** Functions of kernels/fixed.c, by name. */
export type Kernels = Readonly<Record<string, (...args: readonly number[]) => void>>;

/** Arguments are addresses and counts; results lie in the memory. */
export function createKernelMemory(): KernelMemory {
  const heap = createHeap();
  const counters = new Map<string, Int32Array[]>();
  const ints = (count: number) => {
    const words = heap.words(Math.max(count, 4));
    return new Int32Array(words.buffer, words.byteOffset, count);
  };
  return {
    memory: heap.memory,
    kernels: heap.instantiate('fixed.wasm') as Kernels,
    ints,
    bytes(count) {
      const words = heap.words(Math.ceil(count / 4) + 4);
      return new Int8Array(words.buffer, words.byteOffset, count);
    },
    place(values) {
      const array = ints(values.length);
      array.set(values);
      return array.byteOffset;
    },
    counter(name, thread) {
      const threads = counters.get(name) ?? [];
      counters.set(name, threads);
      threads[thread] ??= ints(1);
      return threads[thread].byteOffset;
    },
    clamped() {
      const sums = [...counters].map(([name, threads]): [string, number] => [
        name,
        threads.reduce((sum, [n]) => sum + n!, 0),
      ]);
      return Object.fromEntries(sums.filter(([, n]) => n > 0));
    },
  };
}
