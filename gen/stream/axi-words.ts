/** Packets of bytes, as wide words that may end in a part, to and from AXI4-Stream with TKEEP. */
import { pack, repeat, unpack } from '../arithmetic.ts';
import { type SinkPort, type SourcePort, sink, source } from '../interface.ts';
import { type Design, defineModule } from '../module.ts';
import { bit, uint } from '../shape.ts';
import { type AxiPayload, axiSink, axiSource } from './axi.ts';
import { atLeast, checkParameters } from './parameter.ts';
import { keep, type WidthOptions, type Words, words } from './widen.ts';

type AxiPackets = AxiPayload<'keep' | 'last'>;

const packets = ({ unit, ratio }: WidthOptions): AxiPackets => ({
  tdata: uint(unit * ratio),
  tkeep: uint((unit * ratio) / 8),
  tlast: bit,
});

function check(element: string, below: (...args: never[]) => unknown, { unit, ratio }: WidthOptions): void {
  checkParameters(element, below, [
    { name: 'unit', expected: 'whole bytes: 8, 16, ... bits', found: `${unit}`, holds: unit > 0 && unit % 8 === 0 },
    atLeast('ratio', 2, ratio),
  ]);
}

/**
 * Words of up to `ratio` units, each of whole bytes, as AXI4-Stream: TKEEP has a 1 for every byte of the first `count`
 * units, TLAST is `last`. Behind `widen` the packets are packed: all bytes count but at the end of a packet.
 *
 *     latency     0
 *     throughput  1 word per cycle
 *     paths       in to m_axis, m_axis_tready to in.ready: TKEEP takes comparators of `count`, the rest are wires
 *     state       none
 */
export function wordsToAxiStream(
  options: WidthOptions,
): Design<{ readonly in: SinkPort<Words>; readonly m_axis: SourcePort<AxiPackets> }> {
  check('wordsToAxiStream', wordsToAxiStream, options);
  const { unit, ratio } = options;
  return defineModule(
    {
      name: `stream_words_to_axi_w${unit}_n${ratio}`,
      doc: `Words of up to ${ratio} units of ${unit} bits as AXI4-Stream with TKEEP; latency 0.`,
      ports: {
        in: sink(words(options), 'words: the first unit in the low bits; count: how many units, 1 or more'),
        m_axis: axiSource(packets(options), 'AXI4-Stream packets: the first byte in the low bits'),
      },
    },
    (_m, { in: from, m_axis }) => {
      const { data, count, last } = from.payload;
      const kept = keep(count, ratio).named('kept_units');
      m_axis.valid.drive(from.valid);
      from.ready.drive(m_axis.ready);
      m_axis.payload.drive({
        tdata: data,
        tkeep: pack(unpack(kept, 1).flatMap((one) => repeat(one, unit / 8))),
        tlast: last,
      });
    },
  );
}

/**
 * AXI4-Stream with TKEEP as words of up to `ratio` units, each of whole bytes: the reverse of `wordsToAxiStream`. The sender
 * packs: TKEEP is all ones but in the beat with TLAST, where it may have fewer, from the low end, at least one unit and no
 * part of one. This is a property (`keep_is_packed`, an assumption), checked in simulation and with assertions on.
 *
 *     latency     0
 *     throughput  1 word per cycle
 *     paths       s_axis to out: `count` is the number of units kept, the rest are wires; out.ready to s_axis_tready
 *     state       none
 */
export function wordsFromAxiStream(
  options: WidthOptions,
): Design<{ readonly s_axis: SinkPort<AxiPackets>; readonly out: SourcePort<Words> }> {
  check('wordsFromAxiStream', wordsFromAxiStream, options);
  const { unit, ratio } = options;
  return defineModule(
    {
      name: `stream_words_from_axi_w${unit}_n${ratio}`,
      doc: `AXI4-Stream with TKEEP as words of up to ${ratio} units of ${unit} bits; latency 0.`,
      ports: {
        s_axis: axiSink(packets(options), 'AXI4-Stream packets, packed: part words at their end only'),
        out: source(words(options), 'words: the first unit in the low bits; count: how many units, 1 or more'),
      },
    },
    (m, { s_axis, out }) => {
      const { tdata, tkeep, tlast } = s_axis.payload;
      const kept = pack(unpack(tkeep, unit / 8).map((bytes) => bytes.bit(0))).named('kept_units');
      const count = kept.popcount().named('count');
      const whole = pack(unpack(keep(count, ratio), 1).flatMap((one) => repeat(one, unit / 8)));
      const packed = tkeep.eq(whole).and(tlast.mux(kept.any(), kept.all())).named('keep_packed');
      m.assume(
        'keep_is_packed',
        s_axis.valid.not().or(packed),
        'TKEEP is all ones, or with TLAST ones from the low end',
      );
      out.valid.drive(s_axis.valid);
      s_axis.ready.drive(out.ready);
      out.payload.drive({ data: tdata, count, last: tlast });
    },
  );
}
