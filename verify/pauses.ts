/** How the streams of a run pause. */
import type { Random, StreamOptions } from '../sim/index.ts';
import type { UnitBench } from './unit-bench.ts';

export interface Pauses {
  readonly stall: number;
  readonly pause?: number;
}

/** Single cycles, and pauses that empty or fill everything between this stream and the next. */
const short: readonly Pauses[] = [{ stall: 0.1 }, { stall: 0.5 }, { stall: 0.3, pause: 12 }];
const long: readonly Pauses[] = [{ stall: 0.85 }, { stall: 0.6, pause: 40 }];
const none: Pauses = { stall: 0 };

/**
 * Pauses of the streams that a unit takes and of those that it gives. Of four runs in one the unit waits for a single stream, in two it
 * fills up behind what it gives, in one any stream pauses.
 */
export function drawPauses(random: Random, feeds: number, collects: number): readonly Pauses[] {
  const any = (of: readonly Pauses[]): Pauses => of[random.below(of.length)]!;
  const one = random.below(feeds);
  const kind = random.below(4);
  return Array.from({ length: feeds + collects }, (_, i) => {
    if (kind === 0) return i === one ? any([...short, ...long]) : none;
    if (kind < 3) return i >= feeds ? any(long) : none;
    return random.chance(0.6) ? any([...short, ...long]) : none;
  });
}

/** The unit waits for stream `alone`, so long that all that is in front of it fills up and all behind it runs empty, and for nothing else. */
export const pausesOf = (alone: string, streams: readonly string[]): readonly Pauses[] =>
  streams.map((stream) => (stream === alone ? { stall: 0.7, pause: 400 } : none));

/** Pauses of all streams, one set after the other, over and over. */
export type Phases = readonly (readonly Pauses[])[];

/** Cycles of a phase: a few of the longest pauses. */
const period = 200;
const several = 24;

/** A run meets one set after the other, and with them all kinds of pauses. */
export const drawPhases = (random: Random, feeds: number, collects: number): Phases =>
  Array.from({ length: several }, () => drawPauses(random, feeds, collects));

/** How stream number `stream` pauses. */
export function streamPauses(phases: Phases, stream: number): Pick<StreamOptions, 'stall' | 'pause'> {
  const at = (cycle: number): Pauses => phases[Math.floor(cycle / period) % phases.length]![stream]!;
  return { stall: (cycle) => at(cycle).stall, pause: (cycle) => at(cycle).pause };
}

/** More cycles than a bench needs with such pauses, even where each stream waits for all the others. */
export function cyclesAtMost({ cycleBound }: UnitBench, phases: Phases): number {
  const slowdown = (streams: readonly Pauses[]): number =>
    streams.reduce((sum, { stall }) => sum + (2 * stall) / (1 - stall), 1);
  const progress = phases.reduce((sum, streams) => sum + 1 / slowdown(streams), 0) / phases.length;
  return Math.ceil(cycleBound / progress + several * period);
}

/** Work that is begun and dropped, by the unit's flush (where it has one) or a reset, after so many cycles. */
export interface Drop {
  readonly after: number;
  readonly by: 'flush' | 'reset';
}

export const drawDrops = (random: Random, count: number): readonly Drop[] =>
  Array.from({ length: count }, () => ({ after: random.below(200), by: random.chance(0.7) ? 'flush' : 'reset' }));
