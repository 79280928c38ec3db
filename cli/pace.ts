/** How far a long run is, how fast it goes and how long it will take. */

/** `unit`: what is counted, in the plural. The clock starts now. */
export function pace(unit: string, all: number): (done: number) => string {
  const start = performance.now();
  return (done) => {
    const rate = (1000 * done) / (performance.now() - start);
    const left =
      done === 0
        ? ''
        : `, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)} per second, ${time((all - done) / rate)} left`;
    return `${done} of ${all} ${unit}${left}`;
  };
}

function time(seconds: number): string {
  const s = Math.ceil(seconds);
  return s < 120 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
}
