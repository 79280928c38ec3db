/**
 * Proofs about the store of the scan, by Yosys, on small parameters: for any tokens, clears and stalls no word is read while it is
 * under way, none comes back that was not read, and addresses stay in the region. All that 13 cycles after a reset can bring.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { bit, type Design, type UInt, uint } from '../gen/index.ts';
import { connect, watch } from '../gen/stream/index.ts';
import { type ChipStoreParameters, stateStore } from '../hw/scan/store.ts';
import { type StreamedStoreParameters, streamedStore } from '../hw/scan/streamed-store.ts';
import { free, implies, monitor, moves } from './stream/monitor.ts';
import { probe } from './stream/probe.ts';
import { check, proved, refuted, stuck } from './stream/prove.ts';

const regionWords = 2;
const regions = 2;
const store: ChipStoreParameters = {
  ...{ name: 'proved', width: 1, depth: regions * regionWords, tokenWords: regionWords, style: 'auto' },
};
const cycles = 13;

/** Claims about one word, which the prover chooses. */
function claims(element: Design): Design {
  const probed = probe(element, ['read_moves', 'read_address', 'write_moves', 'write_address']);
  const ports = { ...stateStore(store).ports, ...free };
  return monitor(probed, ports, (m, io, say) => {
    const dut = m.instance('dut', probed) as unknown as ReturnType<typeof m.instance<typeof ports, string>> & {
      readonly [K in `probe_${'read' | 'write'}_${'moves' | 'address'}`]: typeof io.mark;
    };
    const { base, words, clear } = io.region.payload;
    say.assume(implies(io.region.valid, words.eq(regionWords).and(base.bit(0).not())));
    say.assume(watch(m, 'rules_region', io.region).now.not());
    say.assume(watch(m, 'rules_write', io.write).now.not());
    connect(dut.region, io.region);
    connect(io.read, dut.read);
    say.never(watch(m, 'rules_read', io.read).now);
    m.unused(clear);

    m.comment('The surroundings give a word back for each that they took, later.');
    const outside = m.register('outside', base.type, { reset: 0 });
    const gives = moves(io.read);
    const returns = moves(io.write);
    say.assume(io.write.valid.not().or(outside.ne(0)));
    connect(dut.write, io.write);
    const down = outside.sub(1).trunc(outside.width).asUnsigned();
    const up = outside.add(1).trunc(outside.width);
    outside.next(gives.eq(returns).mux(outside, gives.mux(up, down)));

    m.comment('The word that is followed; it does not change.');
    const chosen = m.register('chosen', io.region.payload.base.type, { reset: 0 });
    const fixed = m.register('fixed', bit, { reset: 0 });
    fixed.next(1);
    chosen.next(fixed.mux(chosen, base));
    const odd = m.register('odd', bit, { reset: 0 });
    odd.next(fixed.mux(odd, io.mark));
    const word = chosen.xor(odd.ext(chosen.width));
    const pending = m.register('pending', bit, { reset: 0 });
    const read = dut.probe_read_moves.and(dut.probe_read_address.eq(word));
    const write = dut.probe_write_moves.and(dut.probe_write_address.eq(word));
    pending.next(read.or(pending.and(write.not())));
    say.never(fixed.and(read).and(pending));
    say.never(fixed.and(write).and(pending.not()));
  });
}

const streamed: StreamedStoreParameters = { ...store, depth: 2 * store.depth, ahead: 2 };

/** The same about a memory outside, which answers when it likes: a word is under way from its fetch until it is stored. */
function streamedClaims(element: Design): Design {
  const ports = { ...streamedStore(streamed).ports, ...free };
  return monitor(element, ports, (m, io, say) => {
    const dut = m.instance('dut', element) as unknown as ReturnType<typeof m.instance<typeof ports, string>>;
    const { base, words, clear } = io.region.payload;
    say.assume(
      implies(
        io.region.valid,
        words
          .eq(regionWords)
          .and(base.bit(0).not())
          .and(base.lt(regions * regionWords)),
      ),
    );
    m.unused(clear);
    say.assume(watch(m, 'rules_region', io.region).now.not());
    say.assume(watch(m, 'rules_write', io.write).now.not());
    say.assume(watch(m, 'rules_fetched', io.fetched).now.not());
    connect(dut.region, io.region);
    connect(io.read, dut.read);
    connect(dut.write, io.write);
    connect(io.fetch, dut.fetch);
    connect(dut.fetched, io.fetched);
    connect(io.put, dut.put);
    connect(dut.stored, io.stored);
    for (const name of ['read', 'fetch', 'put'] as const) say.never(watch(m, `rules_${name}`, io[name] as never).now);

    m.comment('The surroundings give back and answer no more than they were given and asked.');
    const owed = (name: string, more: UInt, less: UInt): UInt => {
      const count = m.register(name, uint(3), { reset: 0 });
      const [down, up] = [count.sub(1).trunc(3).asUnsigned(), count.add(1).trunc(3)];
      count.next(more.eq(less).mux(count, more.mux(up, down)));
      return count;
    };
    say.assume(io.write.valid.not().or(owed('outside', moves(io.read), moves(io.write)).ne(0)));
    say.assume(io.fetched.valid.not().or(owed('wanted', moves(io.fetch), moves(io.fetched)).ne(0)));
    const storing = owed('storing', moves(io.put), io.stored.valid);
    say.assume(io.stored.valid.not().or(storing.ne(0)));

    m.comment('The word that is followed: fetched, put, and behind how many others it waits to be stored.');
    const word = m.register('word', base.type, { reset: 0 });
    const fixed = m.register('fixed', bit, { reset: 0 });
    fixed.next(1);
    word.next(fixed.mux(word, base.xor(io.mark.ext(base.width))));
    const fetch = fixed.and(moves(io.fetch)).and(io.fetch.payload.eq(word)).named('word_fetched');
    const put = fixed.and(moves(io.put)).and(io.put.payload.address.eq(word)).named('word_put');
    const behind = m.register('behind', uint(3), { reset: 0 });
    const fewer = behind.sub(1).trunc(3).asUnsigned();
    const others = io.stored.valid.mux(storing, storing.add(1).trunc(3));
    behind.next(put.mux(others, behind.ne(0).and(io.stored.valid).mux(fewer, behind)));
    const pending = m.register('pending', bit, { reset: 0 });
    const back = behind.eq(1).and(io.stored.valid).and(put.not());
    pending.next(fetch.or(pending.and(back.not())));
    say.never(fetch.and(pending));
    say.never(put.and(behind.ne(0)));
    say.never(moves(io.fetch).and(io.fetch.payload.ge(regions * regionWords)));
    say.never(moves(io.put).and(io.put.payload.address.ge(regions * regionWords)));
  });
}

/** The store that reads without waiting for words on their way. */
const hasty = <D extends Design>(design: D): D => stuck(design, 'returned');

describe('the store', () => {
  let [good, bad] = ['', ''];
  beforeAll(async () => {
    [good, bad] = await Promise.all([
      check(claims(stateStore(store)), cycles),
      check(claims(hasty(stateStore(store))), cycles),
    ]);
  });
  it(`reads no word that is under way, for ${cycles} cycles of anything`, () => {
    expect(good).not.toMatch(/model found/);
    expect(good).toMatch(proved(cycles));
  });
  it('refuted when the read does not wait', () => {
    expect(bad).toMatch(refuted);
  });
});

describe('the store with its memory outside', () => {
  const steps = 9;
  it(`fetches no word that is not stored yet, and none elsewhere, for ${steps} cycles of anything`, async () => {
    const log = await check(streamedClaims(streamedStore(streamed)), steps);
    expect(log).not.toMatch(/model found/);
    expect(log).toMatch(proved(steps));
  });
  it('refuted when the fetch does not wait', async () => {
    const log = await check(streamedClaims(hasty(streamedStore(streamed))), steps);
    expect(log).toMatch(refuted);
  });
});
