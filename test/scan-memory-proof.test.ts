/**
 * Proofs by Yosys, on small parameters, about what the scan keeps: a word of state is what was last written or restored, wherever a save and a restore
 * fall among the tokens, and B and C of two tokens stay apart in their banks. All that a number of cycles after a reset can bring.
 */
import { describe, expect, it } from 'vitest';
import { bit, type Design, increment, lessBy, type UInt, uint } from '../gen/index.ts';
import { connect, watch } from '../gen/stream/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import type { ScanParameters } from '../hw/index.ts';
import { inputBuffer } from '../hw/scan/inputs.ts';
import { transferableStore } from '../hw/scan/transfer.ts';
import { free, implies, monitor, moves } from './stream/monitor.ts';
import { probe } from './stream/probe.ts';
import { checks, proved, refuted, stuck } from './stream/prove.ts';

const regionWords = 2;
const store = { name: 'proved', width: 1, depth: regionWords, tokenWords: regionWords, style: 'auto' as const };

/** One region, and of its words the one that the prover chooses: what it holds, by what has come in. */
function keepsWords(element: Design): Design {
  const sides = ['reads_moves', 'reads_address', 'writes_moves', 'writes_address'] as const;
  const probed = probe(element, sides);
  const ports = { ...transferableStore(store).ports, ...free };
  return monitor(probed, ports, (m, io, say) => {
    const dut = m.instance('dut', probed) as unknown as ReturnType<typeof m.instance<typeof ports, string>> & {
      readonly [K in `probe_${(typeof sides)[number]}`]: UInt;
    };
    for (const name of ['region', 'transfer', 'write', 'restored'] as const)
      say.assume(watch(m, `rules_${name}`, io[name] as never).now.not());
    for (const [to, from] of [
      [dut.region, io.region],
      [dut.transfer, io.transfer],
      [dut.write, io.write],
      [dut.restored, io.restored],
      [io.read, dut.read],
      [io.saved, dut.saved],
    ] as const)
      connect(to as never, from as never);
    for (const name of ['read', 'saved'] as const) say.never(watch(m, `rules_${name}`, io[name] as never).now);
    for (const { base, words } of [io.region.payload, io.transfer.payload])
      say.assume(words.eq(regionWords).and(base.eq(0)));
    say.assume(io.region.payload.clear.not());

    m.comment('As many words leave and are taken as turns ask for, no more.');
    const owed = (name: string, more: UInt, by: number, less: UInt): UInt => {
      const count = m.register(name, uint(5), { reset: 0 });
      const before = more.mux(count.add(by).trunc(5), count);
      count.next(less.mux(lessBy(before, 1), before));
      say.never(less.and(count.eq(0)));
      return count;
    };
    const saves = io.transfer.payload.save;
    const transfers = moves(io.transfer);
    owed('to_read', moves(io.region), regionWords, moves(io.read));
    owed('to_save', transfers.and(saves), regionWords, moves(io.saved));
    owed('to_restore', transfers.and(saves.not()), regionWords, moves(io.restored));
    const outside = m.register('outside', uint(5), { reset: 0 });
    say.assume(io.write.valid.not().or(outside.ne(0)));
    const [gives, returns] = [moves(io.read), moves(io.write)];
    m.when(gives.xor(returns), () => outside.next(gives.mux(increment(outside), lessBy(outside, 1))));

    m.comment('The word that is followed, and what it holds once something was written.');
    const odd = m.register('odd', bit, { reset: 0 });
    const chosen = m.register('chosen', bit, { reset: 0 });
    chosen.next(1);
    odd.next(chosen.mux(odd, io.mark));
    const here = (address: UInt): UInt => chosen.and(address.bit(0).eq(odd));
    const value = m.register('value', bit, { reset: 0 });
    const known = m.register('known', bit, { reset: 0 });
    const written = dut.probe_writes_moves.and(here(dut.probe_writes_address));
    const restored = moves(io.restored);
    m.when(written.and(returns.or(restored)), () => {
      value.next(restored.mux(io.restored.payload, io.write.payload));
      known.next(1);
    });
    const read = dut.probe_reads_moves.and(here(dut.probe_reads_address)).and(known);
    say.never(read.and(gives).and(dut.read.payload.ne(value)));
    say.never(read.and(moves(io.saved)).and(dut.saved.payload.ne(value)));
  });
}

const latency = { b: 2, c: 3 };
const inputs: ScanParameters = {
  ...{ lanes: 1, rows: 1, maxHeads: 1, maxHeadDim: 1, maxState: 2, maxGroups: 1, stateWords: 1, rowWords: 1 },
  numerics: { ...defaultNumerics.scan, inputBits: 2 },
  state: { kind: 'head' },
};

/** Tokens of one word or two: the prover chooses a word of a token when it comes, and when it is asked for. */
function keepsInputs(element: Design): Design {
  const { ports } = inputBuffer(inputs, latency);
  return monitor(element, { ...ports, ...free }, (m, io, say) => {
    const dut = m.instance('dut', element) as unknown as ReturnType<typeof m.instance<typeof ports, string>>;
    for (const name of ['token', 'bc'] as const) {
      say.assume(watch(m, `rules_${name}`, io[name] as never).now.not());
      connect(dut[name] as never, io[name] as never);
    }
    const { d_state, heads, heads_per_group } = io.token.payload;
    say.assume(d_state.eq(2).and(heads.eq(1)).and(heads_per_group.eq(1)));
    say.assume(implies(io.done, dut.filled));
    dut.done.drive(io.done);
    dut.word.drive(io.word);
    for (const name of ['filled', 'b', 'c'] as const) io[name].drive(dut[name] as never);

    m.comment('Words that came, and tokens that are done, by number.');
    const count = (name: string, step: UInt) => {
      const at = m.register(name, uint(4), { reset: 0, enable: step });
      at.next(increment(at));
      return at;
    };
    const came = count('came', moves(io.bc));
    const done = count('tokens_done', io.done);
    const known = m.register('known', bit, { reset: 0 });
    const number = m.register('number', came.type, { reset: 0 });
    const followed = m.delay('followed', io.bc.payload, { enable: io.mark.and(known.not()) });
    m.when(io.mark.and(moves(io.bc)), () => {
      known.next(1);
      number.next(known.mux(number, came));
    });
    say.assume(implies(io.mark, moves(io.bc)));
    const asked = known.and(dut.filled).and(number.eq(done.shl(1).add(io.word).trunc(4)));
    const later = (cycles: number): UInt => {
      let flag: UInt = asked;
      for (let i = 1; i <= cycles; i++) flag = m.delay(`asked_${cycles}_${i}`, flag, { reset: 0 });
      return flag;
    };
    say.never(later(latency.b).and(dut.b.ne(followed.b)));
    say.never(later(latency.c).and(dut.c.ne(followed.c)));
  });
}

describe('for a number of cycles of anything', () => {
  it('a store that saves and restores gives what was last written or restored; refuted with each of its gates open', async () => {
    const good = transferableStore(store) as Design;
    const designs = [good, ...['returned', 'saving', 'restoring'].map((gate) => stuck(good, gate))];
    const [log, ...faulty] = await checks(designs.map(keepsWords), 10);
    expect(log).toMatch(proved(10));
    for (const found of faulty) expect(found).toMatch(refuted);
  });
  it('banks give the B and C of the token that is read; refuted where one is filled before its last word has been read', async () => {
    const good = inputBuffer(inputs, latency) as Design;
    const [log, faulty] = await checks([good, stuck(good, 'free')].map(keepsInputs), 12);
    expect(log).toMatch(proved(12));
    expect(faulty).toMatch(refuted);
  });
});
