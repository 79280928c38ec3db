/** Values of signals in consecutive cycles: what waveforms are drawn from. */
import type { Display } from '../../gen/ir.ts';
import { SimProblem } from '../engine.ts';
import type { Simulator } from '../simulator.ts';
import { matcher } from './pattern.ts';

/** A number, or, where bits are unknown, all bits with `x` and `z` among them, the most significant first. */
export type Value = bigint | string;

export interface TraceSignal {
  /** Hierarchical, e.g. `lane_0.acc`. */
  readonly path: string;
  readonly width: number;
  /** Values are negative where the sign bit is set. */
  readonly signed?: boolean;
  readonly display?: Display;
}

/** One row per signal, one value per cycle. */
export interface Trace {
  /** The cycle of the first values. */
  readonly start: number;
  readonly cycles: number;
  readonly rows: readonly { readonly signal: TraceSignal; readonly values: readonly Value[] }[];
}

export interface Recorder {
  /** Takes the values of the present, evaluated cycle: `onCycle` of `runUntil`. */
  readonly sample: () => void;
  readonly trace: () => Trace;
}

/** Something that can be looked at in every cycle. */
export interface TraceProbe extends TraceSignal {
  get(): Value;
}

export function recordTrace(probes: readonly TraceProbe[]): Recorder {
  const rows = probes.map(({ get: _, ...signal }) => ({ signal, values: [] as Value[] }));
  let cycles = 0;
  return {
    sample: () => {
      for (const [i, probe] of probes.entries()) rows[i]!.values.push(probe.get());
      cycles++;
    },
    trace: () => ({ start: 0, cycles, rows }),
  };
}

/**
 * The named signals of a simulator that match one of the patterns (see `matcher`), in the order of the patterns. The
 * simulator must have been made with `visibility: 'named'`. Throws a `SimProblem` for a pattern that matches nothing.
 */
export function probesOf(simulator: Simulator, patterns: readonly string[]): TraceProbe[] {
  const all = simulator.signals();
  const chosen = new Set(patterns.flatMap((p) => chosenBy(p, all, simulator.name)));
  return [...chosen].map(({ kind: _, ...signal }) => {
    const handle = simulator.signal(signal.path);
    return { ...signal, get: () => handle.get() };
  });
}

/** The signals that one pattern chooses: at least one. */
export function chosenBy<S extends { readonly path: string }>(pattern: string, all: readonly S[], where: string): S[] {
  const matches = matcher(pattern);
  const found = all.filter((s) => matches(s.path));
  if (found.length > 0) return found;
  throw new SimProblem({
    id: 'no-such-signal',
    what: `no signal matches ${pattern}`,
    where,
    expected: `a pattern for some of ${all.length} signals, such as ${all
      .slice(0, 8)
      .map((s) => s.path)
      .join(', ')}`,
    found: pattern,
    remedy: 'name a signal by its path or the end of it; * stands for anything',
  });
}
