/** Beats for the adapters of `claims-axi.ts`, and the same on AXI4-Stream: packed here byte by byte, not as the adapters do. */
import { createRandom } from '../../sim/index.ts';
import type { Fields } from './bench.ts';

const random = createRandom(31);
const below = (n: number): bigint => BigInt(random.below(n));

export const samples: readonly Fields[] = Array.from({ length: 100 }, () => ({
  low: below(16),
  lane: below(4),
  high: below(8) - 4n,
  last: below(2),
}));
export const samplesOnAxi: readonly Fields[] = samples.map(({ low, lane, high, last }) => ({
  tdata: low! + 16n * ((high! + 8n) % 8n),
  tlast: last!,
  tdest: lane!,
}));

/** Bytes of a beat, the first lowest. */
export const joinBytes = (bytes: readonly number[]): bigint =>
  bytes.reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n);

/** Words of up to two units of two bytes: 100 beats. */
const words = Array.from({ length: 100 }, (_, i) => {
  const last = i === 99 || random.chance(0.3);
  const bytes = Array.from({ length: last ? 2 + 2 * random.below(2) : 4 }, () => random.below(256));
  return { bytes, last: last ? 1n : 0n };
});
export const wordBeats: readonly Fields[] = words.map(({ bytes, last }) => ({
  data: joinBytes(bytes),
  count: BigInt(bytes.length / 2),
  last,
}));
export const wordsOnAxi: readonly Fields[] = words.map(({ bytes, last }) => ({
  tdata: joinBytes(bytes),
  tkeep: bytes.length === 2 ? 3n : 15n,
  tlast: last,
}));
