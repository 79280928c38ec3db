/** Counters of clamped values that begin far from 0, because no run is long enough for all their bits. */
import { type Module, rewriteHierarchy } from '../gen/index.ts';
import { createSimulator, reset } from '../sim/index.ts';
import type { UnitBench } from './unit-bench.ts';

/** Three more, and every bit below the last but one has to carry. */
const start = 2n ** 31n - 3n;

/** The design with a reset that leaves every counter of clamped values at `start`. */
export const countersStarted = (top: Module): Module =>
  rewriteHierarchy(top, (module) => ({
    ...module,
    registers: module.registers.map((r) =>
      /_(clamps|saturations)$/.test(module.names.get(r.node) ?? '') ? { ...r, reset: start } : r,
    ),
  }));

/** The outputs of a design that show such counters. */
export function counterPorts(top: Module): ReadonlySet<string> {
  const engine = createSimulator(countersStarted(top));
  reset(engine, 1);
  engine.eval();
  const outputs = engine.ports.filter((p) => p.direction === 'output' && engine.peek(p.name) === start);
  engine.close();
  return new Set(outputs.map((p) => p.name));
}

/** The bench of a design whose counters have started there. */
export const countersExpected = (bench: UnitBench, ports: ReadonlySet<string>): UnitBench => ({
  ...bench,
  judge: (taken, status) =>
    bench.judge(taken, (port) => {
      const shown = status(port);
      return ports.has(`${bench.unit}_${port}`) ? BigInt.asUintN(32, shown - start) : shown;
    }),
});
