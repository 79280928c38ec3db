/**
 * Reads weight streams from an AXI4 memory: regions become bursts, and words of the bus become beats of weights.
 *
 *     region --> bursts --> ar (to the memory)
 *                           r  (from it) ---> widen ---> weight
 *
 * Words that wait for the array wait in the memory (r.ready falls), so there is nothing to count.
 */
import { atMost, bit, type Design, defineModule, lessBy, sink, source, type UInt, uint } from '../../gen/index.ts';
import { widen } from '../../gen/stream/index.ts';
import { HardwareProblem } from '../problem.ts';
import { page } from './images.ts';

export interface ReaderParameters {
  /** Bits of the bus, a power of two from 8 to 1024. */
  readonly bus: number;
  /** R K: bits of a beat of weights, at least those of the bus; in memory it fills whole words. */
  readonly beat: number;
  /** Of a byte's address. */
  readonly addressBits: number;
  /** Of the number of words of a region. */
  readonly countBits: number;
  /** Most words of a burst, 1 to 256. */
  readonly maxBurst: number;
}

type BurstParameters = Omit<ReaderParameters, 'beat'>;

const powers = Array.from({ length: 8 }, (_, i) => 8 << i);

function checkReader(p: BurstParameters): void {
  const refuse = (name: string, expected: string, value: number, nearest: number): never => {
    throw new HardwareProblem('weight reader', name, expected, `${value}`, `${nearest}`);
  };
  const nearestBus = powers.reduce((a, b) => (Math.abs(b - p.bus) < Math.abs(a - p.bus) ? b : a));
  if (!powers.includes(p.bus)) refuse('bus', `one of ${powers.join(', ')} bits`, p.bus, nearestBus);
  for (const [name, value, low, high] of [
    ['maxBurst', p.maxBurst, 1, 256],
    ['addressBits', p.addressBits, 13, 64],
    ['countBits', p.countBits, 1, 48],
  ] as const) {
    if (!(Number.isInteger(value) && value >= low && value <= high))
      refuse(name, `a whole number from ${low} to ${high}`, value, Math.min(high, Math.max(low, Math.round(value))));
  }
}

const burstPorts = (p: BurstParameters) => ({
  region: sink(
    { address: uint(p.addressBits), words: uint(p.countBits) },
    `address of the first byte, a multiple of ${p.bus / 8}; number of words, at least 1`,
  ),
  ar: source({ addr: uint(p.addressBits), len: uint(8) }, 'AXI4 read address: incrementing bursts of len + 1 words'),
});

/**
 * Regions as bursts of at most `maxBurst` words that do not cross a page of 4 KiB (AMBA AXI4, A3.4.1). A burst per cycle, from registers;
 * the next region begins in the cycle after the last burst of the one before.
 */
export function bursts(p: BurstParameters): Design<ReturnType<typeof burstPorts>> {
  checkReader(p);
  const wordBytes = p.bus / 8;
  const shift = Math.log2(wordBytes);
  const pageWords = page / wordBytes;
  const doc = `Bursts of at most ${p.maxBurst} words of ${p.bus} bits within pages of ${page} bytes.`;
  return defineModule({ name: `bursts_b${p.bus}_n${p.maxBurst}`, doc, ports: burstPorts(p) }, (m, { region, ar }) => {
    const busy = m.register('busy', bit, { reset: 0 });
    const word = m.register('word', uint(p.addressBits - shift));
    const left = m.register('left', uint(p.countBits));
    const bits = Math.log2(pageWords) + 1;
    const inPage = m
      .constant(uint(bits), pageWords)
      .sub(word.slice(bits - 2, 0).ext(bits))
      .trunc(bits)
      .asUnsigned();
    const most = (x: UInt, k: number): UInt =>
      atMost(x, k)
        .mux(x.ext(Math.max(x.width, 9)), k)
        .trunc(9);
    const page_ = most(inPage.named('words_in_page'), p.maxBurst);
    const rest = most(left, p.maxBurst);
    const burst = rest.lt(page_).mux(rest, page_).named('burst');
    const wide = (x: UInt, width: number): UInt => (x.width <= width ? x.ext(width) : x.trunc(width));
    const ends = left.eq(wide(burst, left.width)).named('last_burst');
    const move = busy.and(ar.ready).named('move');
    m.when(move, () => {
      word.next(word.add(wide(burst, word.width)).trunc(word.width));
      left.next(lessBy(left, wide(burst, left.width)));
      m.when(ends, () => busy.next(0));
    });
    region.ready.drive(busy.not());
    if (shift > 0) m.unused(region.payload.address.slice(shift - 1, 0));
    m.when(region.valid.and(busy.not()), () => {
      busy.next(1);
      word.next(region.payload.address.slice(p.addressBits - 1, shift));
      left.next(region.payload.words);
    });
    ar.valid.drive(busy);
    ar.payload.addr.drive(word.ext(p.addressBits).shl(shift).trunc(p.addressBits));
    ar.payload.len.drive(lessBy(burst, 1).trunc(8));
  });
}

const readerPorts = (p: ReaderParameters) => ({
  ...burstPorts(p),
  r: sink({ data: uint(p.bus) }, 'words of the memory, in the order of the addresses'),
  weight: source({ w: uint(p.beat) }, 'beats of weights'),
});

/** Words of the bus that make a beat. */
export const wordsPerBeat = (p: ReaderParameters): number => Math.ceil(p.beat / p.bus);

/** Latency from a beat's last word to the beat: 1 cycle, or none where a word is a beat. A word per cycle. */
export function weightReader(p: ReaderParameters): Design<ReturnType<typeof readerPorts>> {
  checkReader(p);
  if (p.beat < p.bus) {
    const nearest = powers.filter((b) => b <= p.beat).at(-1) ?? 8;
    throw new HardwareProblem('weight reader', 'bus', `at most the ${p.beat} bits of a beat`, `${p.bus}`, `${nearest}`);
  }
  const ratio = wordsPerBeat(p);
  const doc = `Reads beats of ${p.beat} weight bits, ${ratio} words of ${p.bus} bits each, from an AXI4 memory.`;
  return defineModule(
    { name: `weight_reader_b${p.bus}_w${p.beat}`, doc, ports: readerPorts(p) },
    (m, { region, ar, r, weight }) => {
      const planner = m.instance('planner', bursts(p));
      planner.region.valid.drive(region.valid);
      planner.region.payload.drive(region.payload);
      region.ready.drive(planner.region.ready);
      ar.valid.drive(planner.ar.valid);
      ar.payload.drive(planner.ar.payload);
      planner.ar.ready.drive(ar.ready);
      if (ratio === 1) {
        weight.valid.drive(r.valid);
        weight.payload.w.drive(r.payload.data);
        r.ready.drive(weight.ready);
        return;
      }
      const words = m.instance('words', widen({ unit: p.bus, ratio }));
      words.in.valid.drive(r.valid);
      words.in.payload.data.drive(r.payload.data);
      words.in.payload.last.drive(0);
      r.ready.drive(words.in.ready);
      weight.valid.drive(words.out.valid);
      weight.payload.w.drive(words.out.payload.data.trunc(p.beat));
      words.out.ready.drive(weight.ready);
      m.unused(words.out.payload.count, words.out.payload.last);
    },
  );
}
