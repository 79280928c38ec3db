/** How far a long run is, how fast it goes and how long it will take. */

/** `unit`: what is counted, in the plural. The clock starts now. */
export function pace(unit: string, all: number): (done: number) => string {
  const start = performance.now();
  return (done) => {
    if (done === 0) return `0 of ${all} ${unit}`;
    const rate = (1000 * done) / (performance.now() - start);
    return `${done} of ${all} ${unit}, ${number(rate)} per second, ${time((all - done) / rate)} left`;
  };
}

/** The same where nobody knows how many there will be. */
export function rateOf(unit: string): (done: number) => string {
  const start = performance.now();
  return (done) => `${done} ${unit}, ${number((1000 * done) / (performance.now() - start))} per second`;
}

const number = (rate: number): string => (rate < 10 ? rate.toFixed(1) : `${Math.round(rate)}`);

function time(seconds: number): string {
  const s = Math.ceil(seconds);
  return s < 120 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}
