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

/** What `threads` cores that do nothing else take: the processors' seconds shared among them. */
const coreSeconds = ({ processor }: Time, threads: number): number => processor / threads;

/** At most so many seconds on the clock. The time of the cores shows besides what other work on the machine took from them. */
export const timeCheck = (name: string, time: Time, threads: number, most: number): Check => ({
  name,
  ok: time.seconds <= most,
  detail: `${time.seconds.toFixed(1)} s on the clock (${coreSeconds(time, threads).toFixed(1)} s of ${threads} cores), at most ${most} s`,
});
