/** Counts what a matmul array does between its first beat of weights and its last result. */
import { driveStream, type Engine, monitorStream, reset, runUntil } from '../sim/index.ts';
import type { UnitBench, Verdict } from './unit-bench.ts';

export interface Counted {
  /** Both included. */
  readonly cycles: number;
  readonly beats: number;
  /** In between the first and the last beat of weights without one. */
  readonly gaps: number;
  readonly verdicts: readonly Verdict[];
}

/** Runs a bench on an engine whose ports begin with the unit's name; streams pause with the probability `stall`. */
export function countCycles(engine: Engine, bench: UnitBench, stall = 0): Counted {
  const port = (name: string): string => `${bench.unit}_${name}`;
  reset(engine);
  const drivers = Object.entries(bench.feeds).map(([s, beats], i) =>
    driveStream(engine, port(s), beats(), { stall, seed: i }),
  );
  const monitor = monitorStream(engine, port('result'), { stall, seed: 9, count: bench.collects['result']! });
  const flag = (name: string) => engine.handle(port(name));
  const [valid, ready] = [flag('weight_valid'), flag('weight_ready')];
  const [resultValid, resultReady] = [flag('result_valid'), flag('result_ready')];
  let [first, last, lastWeight, beats] = [-1, -1, -1, 0];
  const onCycle = (cycle: number): void => {
    if (valid.get() === 1n && ready.get() === 1n) {
      if (beats++ === 0) first = cycle;
      lastWeight = cycle;
    }
    if (resultValid.get() === 1n && resultReady.get() === 1n) last = cycle;
  };
  runUntil(engine, [...drivers, monitor], { limit: Math.ceil(bench.cycleBound / (1 - stall) ** 3), onCycle });
  const verdicts = bench.judge({ result: monitor.beats }, () => 0n);
  return { cycles: last - first + 1, beats, gaps: lastWeight - first + 1 - beats, verdicts };
}
