/** Many independent stimuli through one design: it is compiled once, and all threads run the same code. */
import type { Module } from '../../gen/ir.ts';
import { createSimulator } from '../simulator.ts';
import { createPool, type PoolOptions } from './pool.ts';
import type { Startable, Stimulus } from './replay.mjs';

export interface Batch {
  readonly threads: number;
  /** Of every stimulus, from power-up on, one row of outputs per cycle: what `replay` of an engine of its own would give. */
  replay(stimuli: readonly Stimulus[]): Promise<Uint32Array[]>;
  /** Until all threads have started. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Properties are not looked at. For test benches that react, see `createPool`. */
export function createBatch(module: Module, options: PoolOptions = {}): Batch {
  const program = new URL('./replay.mjs', import.meta.url);
  const compile = () => createSimulator(module, { properties: 'off' }).startable();
  const pool = createPool<Startable, Stimulus, Uint32Array>(program, compile, options);
  return { threads: pool.threads, replay: (stimuli) => pool.map(stimuli), ready: pool.ready, close: pool.close };
}
