import type { Check } from '../../cli/command.ts';

/** Time on the clock, and of all processors. */
export interface Time {
  readonly seconds: number;
  readonly processor: number;
}

export async function clocked<T>(work: () => Promise<T>): Promise<[T, Time]> {
  const started = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [result, { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 }];
}

/** At most so many seconds on the clock; the processors' seconds show what other work on the machine added. */
export const timeCheck = (name: string, { seconds, processor }: Time, most: number): Check => ({
  name,
  ok: seconds <= most,
  detail: `${seconds.toFixed(1)} s (${processor.toFixed(1)} s of processors), at most ${most} s`,
});
