/** Test benches for stream elements, and what they feed them. */
import type { Design } from '../../gen/index.ts';
import {
  type Beat,
  createRandom,
  createSimulator,
  driveStream,
  type Monitor,
  monitorStream,
  reset,
  runUntil,
} from '../../sim/index.ts';

export type Fields = Readonly<Record<string, bigint>>;
type Streams = Readonly<Record<string, readonly Beat[]>>;

interface Wanted {
  readonly limit?: number;
  readonly seed?: number;
  /** Probability of a stall, for every stream. */
  readonly stall: number;
}

/** Feeds every input, takes `counts` beats from every output, and returns what came out and in how many cycles. */
export function run(design: Design, inputs: Streams, counts: Readonly<Record<string, number>>, wanted: Wanted) {
  const engine = createSimulator(design.module);
  reset(engine);
  const { stall, seed = 1, limit = 20_000 } = wanted;
  const drivers = Object.entries(inputs).map(([name, beats], i) =>
    driveStream(engine, name, beats, { stall, seed: seed + i }),
  );
  const outputs = Object.entries(counts).map(([name, count], i): [string, Monitor] => [
    name,
    monitorStream(engine, name, { stall, seed: seed + 50 + i, count }),
  ]);
  const agents = [...drivers, ...outputs.map(([, m]) => m)];
  const cycles = runUntil(engine, agents, { limit });
  // What comes too much would come now.
  const extra = outputs.map(([name]) => monitorStream(engine, name));
  const idle = Object.keys(inputs).map((name) => driveStream(engine, name, []));
  let more = 12;
  runUntil(engine, [...idle, ...extra], { limit: 20, until: () => more-- === 0 });
  const beats = Object.fromEntries(outputs.map(([name, m], i) => [name, [...m.beats, ...extra[i]!.beats]]));
  engine.close();
  return { cycles, beats: beats as Readonly<Record<string, readonly Fields[]>> };
}

export const records = (count: number): Fields[] =>
  Array.from({ length: count }, (_, i) => ({ value: BigInt(((i * 5) % 8) - 4), last: BigInt(i % 3 === 2 ? 1 : 0) }));

/** Beats whose value says from whom they are: 0, 1, 2; packets of 1 to 4 beats. */
export const tagged = (tag: number, count: number): Fields[] => {
  const random = createRandom(tag + 7);
  return Array.from({ length: count }, (_, i) => ({
    value: BigInt(tag),
    last: BigInt(i === count - 1 || random.chance(0.4) ? 1 : 0),
  }));
};

/** Packets of 1 to 7 units of two bits, and the same as words of three units. */
const packets = Array.from({ length: 60 }, (_, p) => Array.from({ length: 1 + (p % 7) }, (_u, i) => (p + 3 * i) % 4));
export const asUnits = packets.flatMap((packet) =>
  packet.map((data, i) => ({ data: BigInt(data), last: i === packet.length - 1 ? 1n : 0n })),
);
export const asWords = packets.flatMap((packet) =>
  Array.from({ length: Math.ceil(packet.length / 3) }, (_, w) => {
    const part = packet.slice(3 * w, 3 * w + 3);
    const data = part.reduce((word, unit, i) => word | (BigInt(unit) << BigInt(2 * i)), 0n);
    return { data, count: BigInt(part.length), last: 3 * w + 3 >= packet.length ? 1n : 0n };
  }),
);
