/** Claims about the AXI4-Stream adapters: what the standard asks of TVALID and TREADY, and every bit in its place. */
import { bit, cat, type Design, sink, sint, source, type UInt, uint } from '../../gen/index.ts';
import { axiSink, axiSource, connect, watch, words } from '../../gen/stream/index.ts';
import { monitor, pick, same } from './monitor.ts';

/** Seven bits for TDATA, and a field for TDEST and TLAST. */
export const sample = { low: uint(4), lane: uint(2), high: sint(3), last: bit };
export const fields = { last: 'last', dest: 'lane' } as const;
const axi = { tdata: uint(8), tdest: uint(2), tlast: bit };
/** Words of two units of two bytes. */
export const units = { unit: 16, ratio: 2 };
const packets = { tdata: uint(32), tkeep: uint(4), tlast: bit };

type Flow = { readonly valid: UInt; readonly ready: UInt };
/** Both ends are valid, and ready, in the same cycles: so `valid` waits for nothing that the input does not wait for. */
const wired = (from: Flow, to: Flow): UInt => same(from.valid, to.valid).and(same(from.ready, to.ready));

export type ToAxi = Design<{
  readonly in: ReturnType<typeof sink<typeof sample>>;
  readonly m_axis: ReturnType<typeof axiSource<typeof axi>>;
}>;
export type FromAxi = Design<{
  readonly s_axis: ReturnType<typeof axiSink<typeof axi>>;
  readonly out: ReturnType<typeof source<typeof sample>>;
}>;

export const toAxiClaims = (element: ToAxi): Design =>
  monitor(element, { in: sink(sample, ''), m_axis: axiSource(axi, '') }, (m, io, claims) => {
    const dut = m.instance('dut', element);
    connect(dut.in, io.in);
    connect(io.m_axis, dut.m_axis);
    claims.assume(watch(m, 'rules_in', io.in).now.not());
    claims.never(watch(m, 'rules_out', io.m_axis).now);
    claims.never(wired(io.in, io.m_axis).not());
    const { low, lane, high, last } = io.in.payload;
    const { tdata, tdest, tlast } = io.m_axis.payload;
    claims.never(tdata.ne(cat(m.constant(bit, 0), high, low)));
    claims.never(tdest.ne(lane).or(tlast.ne(last)));
  });

export const fromAxiClaims = (element: FromAxi): Design =>
  monitor(element, { s_axis: axiSink(axi, ''), out: source(sample, '') }, (m, io, claims) => {
    const dut = m.instance('dut', element);
    connect(dut.s_axis, io.s_axis);
    connect(io.out, dut.out);
    claims.assume(watch(m, 'rules_in', io.s_axis).now.not());
    claims.never(watch(m, 'rules_out', io.out).now);
    claims.never(wired(io.s_axis, io.out).not());
    const { low, lane, high, last } = io.out.payload;
    const { tdata, tdest, tlast } = io.s_axis.payload;
    claims.never(tdata.trunc(7).ne(cat(high, low)));
    claims.never(tdest.ne(lane).or(tlast.ne(last)));
  });

/** TKEEP by the number of units of two bytes. */
const kept = [0b0000, 0b0011, 0b1111];

export type WordsToAxi = Design<{
  readonly in: ReturnType<typeof sink<ReturnType<typeof words>>>;
  readonly m_axis: ReturnType<typeof axiSource<typeof packets>>;
}>;
export type WordsFromAxi = Design<{
  readonly s_axis: ReturnType<typeof axiSink<typeof packets>>;
  readonly out: ReturnType<typeof source<ReturnType<typeof words>>>;
}>;

export const wordsToAxiClaims = (element: WordsToAxi): Design =>
  monitor(element, { in: sink(words(units), ''), m_axis: axiSource(packets, '') }, (m, io, claims) => {
    const dut = m.instance('dut', element);
    connect(dut.in, io.in);
    connect(io.m_axis, dut.m_axis);
    claims.assume(watch(m, 'rules_in', io.in).now.not());
    claims.assume(io.in.payload.count.le(units.ratio));
    claims.never(watch(m, 'rules_out', io.m_axis).now);
    claims.never(wired(io.in, io.m_axis).not());
    const keep = kept.map((k) => m.constant(uint(4), k));
    const { tdata, tkeep, tlast } = io.m_axis.payload;
    claims.never(tkeep.ne(pick(keep, io.in.payload.count)));
    claims.never(tdata.ne(io.in.payload.data).or(tlast.ne(io.in.payload.last)));
  });

export const wordsFromAxiClaims = (element: WordsFromAxi): Design =>
  monitor(element, { s_axis: axiSink(packets, ''), out: source(words(units), '') }, (m, io, claims) => {
    const dut = m.instance('dut', element);
    connect(dut.s_axis, io.s_axis);
    connect(io.out, dut.out);
    const { tdata, tkeep, tlast } = io.s_axis.payload;
    claims.assume(watch(m, 'rules_in', io.s_axis).now.not());
    claims.assume(tkeep.eq(0b1111).or(tlast.and(tkeep.eq(0b0011))));
    claims.never(watch(m, 'rules_out', io.out).now);
    claims.never(wired(io.s_axis, io.out).not());
    const keep = kept.map((k) => m.constant(uint(4), k));
    const { data, count, last } = io.out.payload;
    claims.never(
      count
        .eq(0)
        .or(count.gt(units.ratio))
        .or(tkeep.ne(pick(keep, count))),
    );
    claims.never(data.ne(tdata).or(last.ne(tlast)));
  });
