/** What a thread does for a token, as data: a list of kernel calls. */
import type { Kernels } from './memory.ts';

/** A kernel of kernels/fixed.c and its arguments, or 'barrier': wait until every thread has come this far. */
export type Call = readonly [kernel: string, ...args: number[]];
export type Program = readonly Call[];

/** One of several threads that share the work. */
export interface Thread {
  readonly index: number;
  readonly of: number;
}

/** from ... from + count - 1. */
export interface Range {
  readonly from: number;
  readonly count: number;
}

/** A thread's part of 0 ... count - 1, whole blocks of `block`. Every thread has one, which may be empty. */
export function share(count: number, block: number, { index, of }: Thread): Range {
  const blocks = Math.ceil(count / block);
  const bound = (i: number) => Math.min(count, Math.floor((blocks * i) / of) * block);
  return { from: bound(index), count: bound(index + 1) - bound(index) };
}

/** The part of a range within another, counted from that one's start. */
export function within(range: Range, outer: Range): Range {
  const from = Math.max(range.from, outer.from);
  const to = Math.min(range.from + range.count, outer.from + outer.count);
  return { from: Math.max(0, from - outer.from), count: Math.max(0, to - from) };
}

/** Words of shared memory in which threads meet. */
export const MEETING_WORDS = 4;
const ARRIVED = 0;
const ROUND = 1;
const FAILED = 2;
/** Looks at the round before a thread sleeps: some microseconds. */
const SPINS = 20_000;

/** A point that no thread passes before all have come to it. Errors: another thread has failed. */
export function createBarrier(words: Int32Array, threads: number): () => void {
  if (threads === 1) return () => {};
  const failed = () => Atomics.load(words, FAILED) !== 0;
  return () => {
    const round = Atomics.load(words, ROUND);
    const waits = () => Atomics.load(words, ROUND) === round;
    if (Atomics.add(words, ARRIVED, 1) === threads - 1) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.store(words, ROUND, round + 1);
      Atomics.notify(words, ROUND);
    } else {
      for (let i = 0; i < SPINS && waits(); i++);
      while (waits() && !failed()) Atomics.wait(words, ROUND, round);
    }
    if (failed()) throw new Error('another thread of the kernels has failed');
  };
}

/** Makes every thread that waits at a barrier, or comes to one, fail too. */
export function abandon(words: Int32Array): void {
  Atomics.store(words, FAILED, 1);
  Atomics.add(words, ROUND, 1);
  Atomics.notify(words, ROUND);
}

/** Binds a program to kernels: the result runs it once. */
export function bind(program: Program, kernels: Kernels, barrier: () => void): () => void {
  const calls = program.map(([name, ...args]) => (name === 'barrier' ? barrier : () => kernels[name]!(...args)));
  return () => {
    for (const call of calls) call();
  };
}
