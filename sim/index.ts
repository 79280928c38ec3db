/** Cycle-level simulation: engines, test benches, lock step, waveforms. */
export { type Batch, createBatch } from './batch/batch.ts';
export { createPool, type Pool, type PoolOptions, type Program } from './batch/pool.ts';
export type { Stimulus } from './batch/replay.mjs';
export { type Bench, createBench, type TypedMonitor } from './bench.ts';
export { type Coverage, type CoverageCollector, collectCoverage, storeCoverage, totals } from './coverage/index.ts';
export { type CxxrtlOptions, createCxxrtl } from './cxxrtl.ts';
export { type Dut, openDut, type Pin, type Probe as PortProbe, type Sample } from './dut.ts';
export * from './engine.ts';
export { exposeRegisters } from './expose.ts';
export { temporaryOf, writeText } from './files.ts';
export { inHarness } from './harness.ts';
export { createIcarus, findIcarus, type IcarusEngine, type IcarusOptions } from './icarus.ts';
export { type LockStepOptions, type LockStepResult, lockStep, type Mismatch, type Unknown } from './lockstep.ts';
export { type Cause, causesOf, type Effect } from './mismatch/cause.ts';
export { createHistory, type History, type HistoryOptions } from './mismatch/history.ts';
export { bitText, causeText, causeWave, valueText } from './mismatch/text.ts';
export { createNetlist, type NetlistEngine, type NetlistOptions } from './netlist.ts';
export { pace, rateOf } from './pace.ts';
export { findNextpnr, type PlacedRouted, type PlacedTarget, placeAndRoute, placers } from './place-route.ts';
export { createRandom, type Random } from './random.ts';
export type { Coverage as CoverCount, SimulatorStatus, Violation } from './reports.ts';
export {
  createSimulator,
  type NamedSignal,
  type Simulator,
  type SimulatorOptions,
} from './simulator.ts';
export { meterStreams, type StreamMeter, type StreamUse } from './stream-meter.ts';
export {
  type CellCounts,
  type CellTotals,
  cellCounts,
  type ModuleCells,
  type Synthesis,
  type SynthesisOptions,
  type SynthesisTarget,
  synthesisTargets,
  synthesize,
  uncounted,
} from './synthesis.ts';
export {
  type Agent,
  type Beat,
  driveStream,
  type Monitor,
  type MonitorOptions,
  monitorStream,
  pausing,
  type RunOptions,
  reset,
  runUntil,
  type StreamOptions,
} from './testbench.ts';
export { openVcd, type VcdWriter, writeVcd } from './vcd.ts';
export { createVerilator, type VerilatorEngine, type VerilatorOptions } from './verilator.ts';
export * from './wave/index.ts';
