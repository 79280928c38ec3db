/** What the streams of an engine do: beats, and cycles in which one side waits for the other. */
import type { Engine } from './engine.ts';
import { streamsOf } from './testbench.ts';

export interface StreamUse {
  readonly stream: string;
  /** Of the design: it takes beats, or it gives them. */
  readonly side: 'takes' | 'gives';
  readonly beats: number;
  /** Cycles with valid and without ready: whoever gives waits for whoever takes. */
  readonly held: number;
  /** Cycles with ready and without valid between the first and the last beat: whoever takes waits. */
  readonly starved: number;
  /** Cycles of the first and the last beat; undefined: there was none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}

export interface StreamMeter {
  /** Looks at the evaluated cycle, before the clock edge. */
  observe(cycle: number): void;
  result(): StreamUse[];
}

/** Meters all streams among the ports. */
export function meterStreams(engine: Engine): StreamMeter {
  const meters = [...streamsOf(engine.ports)].map(([stream, { valid, ready }]) =>
    meter(
      stream,
      valid.direction === 'input' ? 'takes' : 'gives',
      engine.handle(valid.name),
      engine.handle(ready.name),
    ),
  );
  return {
    observe: (cycle) => {
      for (const m of meters) m.observe(cycle);
    },
    result: () => meters.map((m) => m.use()),
  };
}

function meter(stream: string, side: StreamUse['side'], valid: Bit, ready: Bit) {
  let [beats, held, starved, lately] = [0, 0, 0, 0];
  let first: number | undefined;
  let last: number | undefined;
  return {
    observe: (cycle: number) => {
      const [offered, willing] = [valid.getNumber() === 1, ready.getNumber() === 1];
      if (offered && willing) {
        beats++;
        starved += lately;
        lately = 0;
        first ??= cycle;
        last = cycle;
      } else if (offered) held++;
      else if (willing && beats > 0) lately++;
    },
    use: (): StreamUse => ({ stream, side, beats, held, starved, first, last }),
  };
}

interface Bit {
  getNumber(): number;
}
