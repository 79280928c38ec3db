/** Watches a simulator, cycle by cycle. */
import type { NamedSignal, Simulator } from '../simulator.ts';
import { type Corner, type Coverage, corners } from './data.ts';

export interface CoverageCollector {
  /** Looks at the evaluated cycle. */
  sample(): void;
  /** All that was seen since the collector was made. */
  result(): Coverage;
}

/** Looks at all named nets of `sim`, which must have been made with `visibility: 'named'`. */
export function collectCoverage(sim: Simulator, design: string): CoverageCollector {
  // A value that has several names (a port, and the register behind it) is looked at once.
  const places = new Map(sim.signals().map((signal) => [sim.view(signal.path).byteOffset, signal]));
  const watched = [...places.values()].map((signal) => watch(sim, signal));
  let cycles = 0;
  return {
    sample: () => {
      cycles++;
      for (const w of watched) w.sample(cycles);
    },
    result: () => ({
      design,
      cycles,
      nets: Object.fromEntries(watched.map((w) => [w.signal.path, w.toggles()])),
      registers: Object.fromEntries(
        watched.flatMap((w) => (w.corners === undefined ? [] : [[w.signal.path, w.corners]])),
      ),
      machines: Object.fromEntries(
        watched.flatMap((w) => (w.machine === undefined ? [] : [[w.signal.path, w.machine]])),
      ),
      covers: Object.fromEntries(sim.covered().map(({ name, count }) => [name, count])),
    }),
  };
}

function watch(sim: Simulator, signal: NamedSignal) {
  const { path, width, signed, kind, display } = signal;
  const words = sim.view(path);
  const last = new Uint32Array(words.length);
  const [rose, fell] = [new Uint32Array(words.length), new Uint32Array(words.length)];
  const states = display?.kind === 'enumeration' && kind === 'register' ? new Map(display.states) : undefined;
  const machine = states && {
    states: Object.fromEntries([...states.values()].map((s) => [s, 0])),
    transitions: {} as Record<string, number>,
  };
  const watchCorners = kind === 'register' && width > 1 && states === undefined;
  const patterns = watchCorners ? cornerPatterns(width, signed, words.length) : undefined;
  const met = patterns && (Object.fromEntries([...patterns.keys()].map((c) => [c, 0])) as Record<Corner, number>);
  const value = sim.signal(path);
  const nameNow = (): string => {
    const code = `${value.get()}`;
    return states!.get(code) ?? `(code ${code})`;
  };
  let state: string | undefined;
  return {
    signal,
    corners: met,
    machine,
    sample: (cycle: number) => {
      let changed = cycle === 1;
      for (let i = 0; i < words.length; i++) {
        const [now, before] = [words[i]!, last[i]!];
        if (now === before) continue;
        changed = true;
        last[i] = now;
        if (cycle === 1) continue;
        rose[i]! |= now & ~before;
        fell[i]! |= before & ~now;
      }
      if (!changed) return;
      if (patterns !== undefined) {
        for (const [corner, pattern] of patterns) if (pattern.every((w, i) => w === words[i])) met![corner]++;
      }
      if (machine === undefined) return;
      const next = nameNow();
      machine.states[next] = (machine.states[next] ?? 0) + 1;
      if (state !== undefined) {
        const transition = `${state} -> ${next}`;
        machine.transitions[transition] = (machine.transitions[transition] ?? 0) + 1;
      }
      state = next;
    },
    toggles: () => ({ width, rose: mask(rose, width), fell: mask(fell, width) }),
  };
}

const mask = (words: Uint32Array, width: number): string => {
  const value = words.reduceRight((sum, w) => (sum << 32n) | BigInt(w), 0n);
  return BigInt.asUintN(width, value).toString(16);
};

/** The words of each corner of a type: unsigned values have their ends, which are zero and all ones. */
function cornerPatterns(width: number, signed: boolean, words: number): Map<Corner, Uint32Array> {
  const values: Record<Corner, bigint | undefined> = {
    zero: 0n,
    'all ones': signed ? -1n : 2n ** BigInt(width) - 1n,
    least: signed ? -(2n ** BigInt(width - 1)) : undefined,
    greatest: signed ? 2n ** BigInt(width - 1) - 1n : undefined,
  };
  const pattern = (value: bigint) =>
    Uint32Array.from({ length: words }, (_, i) => Number((value >> BigInt(32 * i)) & 0xffffffffn));
  return new Map(corners.flatMap((c) => (values[c] === undefined ? [] : [[c, pattern(values[c])] as const])));
}
