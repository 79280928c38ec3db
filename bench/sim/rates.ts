/** How many cycles per second engines run of a design, and how long they take to its first. */
import type { Progress } from '../../cli/command.ts';
import { type DesignName, designs } from './designs.ts';
import { type EngineKind, type EngineName, engineKinds, type Opened } from './engines.ts';

/** After so many cycles all engines must have the same hash, and after more those that are fast. */
const checked = { slow: 256, fast: 20_000 };
/** Engines run in turns, each for a moment that nothing interrupts; the best moment counts. */
const rounds = 30;
const momentMs = 5;

export interface Measured {
  readonly kcyclesPerSecond: number;
  readonly buildSeconds: number;
  readonly hashes: readonly string[];
}

/** Engines on the same design, in turns. */
export async function measure(name: DesignName, engines: readonly EngineName[], progress: Progress) {
  const opened = new Map<EngineName, Opened>();
  try {
    for (const engine of engines) {
      progress(`building ${engineKinds[engine].name}`);
      opened.set(engine, await engineKinds[engine].open(designs[name]()));
    }
    progress('running');
    const hashes = new Map([...opened].map(([engine, o]) => [engine, runToHashes(engineKinds[engine], o)]));
    const rates = rateInTurns(opened);
    return new Map(
      [...opened].map(([engine, { buildSeconds }]): [EngineName, Measured] => [
        engine,
        { kcyclesPerSecond: rates.get(engine)!, buildSeconds, hashes: hashes.get(engine)! },
      ]),
    );
  } finally {
    for (const o of opened.values()) o.close();
  }
}

function runToHashes({ pace }: EngineKind, o: Opened): string[] {
  o.run(checked.slow);
  const hashes = [o.hash().toString(16)];
  if (pace === 'fast') {
    o.run(checked.fast - checked.slow);
    hashes.push(o.hash().toString(16));
  }
  return hashes;
}

/** Best rate of each, in thousand cycles per second. */
function rateInTurns(opened: ReadonlyMap<EngineName, Opened>): Map<EngineName, number> {
  const time = (o: Opened, cycles: number): number => {
    const start = performance.now();
    o.run(cycles);
    return performance.now() - start;
  };
  const cycles = new Map<EngineName, number>();
  for (const [engine, o] of opened) {
    let count = 32;
    while (time(o, count) < momentMs) count *= 2;
    cycles.set(engine, count);
  }
  const best = new Map<EngineName, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [engine, o] of opened) {
      if (engineKinds[engine].pace === 'slow' && round > 2) continue;
      const count = cycles.get(engine)!;
      best.set(engine, Math.max(best.get(engine) ?? 0, count / time(o, count)));
    }
  }
  return best;
}

/** Shortest of several builds, each of a design made anew; the first pays for what the process has not compiled yet. */
export async function coldBuild(name: DesignName, engine: EngineName, times: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) {
    const o = await engineKinds[engine].open(designs[name]());
    o.close();
    best = Math.min(best, o.buildSeconds);
  }
  return best;
}
