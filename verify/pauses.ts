/** How the streams of a run pause. */
import type { Random, StreamOptions } from '../sim/index.ts';
import type { UnitBench } from './unit-bench.ts';

export type Pauses = Required<Pick<StreamOptions, 'stall'>> & Pick<StreamOptions, 'pause'>;

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

/** The unit waits, long, for what stream `alone` brings, and for nothing else. */
export const pausesOf = (alone: string, streams: readonly string[]): readonly Pauses[] =>
  streams.map((stream) => (stream === alone ? { stall: 0.6, pause: 40 } : none));

/** More cycles than a bench needs with such pauses, even where each stream waits for all the others. */
export const cyclesAtMost = ({ cycleBound }: UnitBench, streams: readonly Pauses[]): number =>
  Math.ceil(cycleBound * streams.reduce((sum, { stall }) => sum + (2 * stall) / (1 - stall), 1) + 1000);
