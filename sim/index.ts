/** Cycle-level simulation: engines, test benches, lock step, waveforms. */
export { type CxxrtlOptions, createCxxrtl } from './cxxrtl.ts';
export * from './engine.ts';
export { createIcarus, findIcarus, type IcarusEngine, type IcarusOptions } from './icarus.ts';
export { type LockStepOptions, type LockStepResult, lockStep, type Mismatch, type Unknown } from './lockstep.ts';
export { createRandom, type Random } from './random.ts';
export type { Coverage, SimulatorStatus, Violation } from './reports.ts';
export {
  createSimulator,
  type NamedSignal,
  type Simulator,
  type SimulatorOptions,
  type Snapshot,
} from './simulator.ts';
export {
  type Agent,
  type Beat,
  driveStream,
  type Monitor,
  type MonitorOptions,
  monitorStream,
  type RunOptions,
  reset,
  runUntil,
  type StreamOptions,
} from './testbench.ts';
export { openVcd, type Probe, type VcdWriter, type WaveWindow, waveWindow } from './vcd.ts';
export { createVerilator, type VerilatorEngine, type VerilatorOptions } from './verilator.ts';
export * from './wave/index.ts';
