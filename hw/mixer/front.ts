/**
 * in_proj's results in the order of `order.ts`, times 1/rms, in their formats: channels of the convolution and of z, and dt.
 *
 *     product --> y mantissa / 2^shift --> saturate --+--> channels (B, C, x, z)
 *     scale ----------^                               '--> dt
 */
import {
  bitsFor,
  type Design,
  defineModule,
  enumeration,
  type Inside,
  increment,
  type ModuleBuilder,
  output,
  pack,
  sink,
  sint,
  source,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import type { Numerics } from '../../golden/fixed/index.ts';
import { channelKind, channelsShape } from '../conv/parameters.ts';
import { clampCounter, counting } from '../lanes/counters.ts';
import { elementsShape } from '../lanes/regroup.ts';
import { keep } from '../lanes/rounding.ts';
import { scaleShape } from '../norm/parameters.ts';
import { scaleAmount, scaledBy } from '../norm/scale.ts';
import { segments } from './order.ts';

export interface FrontParameters {
  /** P: results per cycle. */
  readonly lanes: number;
  /** Bits of a result of the matmul array. */
  readonly resultBits: number;
  readonly maxHeads: number;
  readonly maxHeadDim: number;
  readonly maxState: number;
  readonly maxGroups: number;
  readonly numerics: Pick<Numerics, 'mixer'>;
}

export const frontTokenShape = (p: FrontParameters) => ({
  heads: uint(bitsFor(BigInt(p.maxHeads))),
  head_dim: uint(bitsFor(BigInt(p.maxHeadDim))),
  d_state: uint(bitsFor(BigInt(p.maxState))),
  groups: uint(bitsFor(BigInt(p.maxGroups))),
  shift_z: sint(8),
  shift_xbc: sint(8),
  shift_dt: sint(8),
});

const frontInterface = (p: FrontParameters) => {
  const { projectedBits } = p.numerics.mixer;
  return {
    token: sink(
      frontTokenShape(p),
      'one token of one layer: its sizes; z, x B C and dt count 2^-(16 + shift + shift of the scale) results before 1/rms',
    ),
    product: sink(
      uint(p.lanes * p.resultBits),
      `${p.lanes} results of ${p.resultBits} bits, the first in the low bits: B and C by groups, dt, x and z by heads, each of which begins a beat`,
    ),
    scale: sink(scaleShape, '1/rms of the token'),
    channels: source(channelsShape(projectedBits, p.lanes), 'B, C, x and z'),
    dt: source(elementsShape(projectedBits, p.lanes), 'dt of the heads'),
    saturations: output(
      { z: uint(32), xbc: uint(32), dt: uint(32) },
      'values clamped since reset, modulo 2^32, by format',
    ),
  };
};
export type FrontInterface = ReturnType<typeof frontInterface>;

const segmentShape = enumeration('segment', segments);

/** Counts through the packets of a token, a beat in every cycle in which `issue` is 1. */
function walkPackets(m: ModuleBuilder, io: Inside<FrontInterface>, p: FrontParameters, issue: UInt) {
  const { heads, head_dim, d_state, groups } = io.token.payload;
  const width = Math.max(heads.width, head_dim.width, d_state.width, groups.width);
  const wide = (x: UInt): UInt => (x.width === width ? x : x.ext(width));
  const segment = m.register('segment', segmentShape, { reset: 'b' });
  const ofGroup = segment.is('b').or(segment.is('c')).named('of_group');
  const ofHeads = segment.is('dt');
  const length = ofGroup.mux(wide(d_state), ofHeads.mux(wide(heads), wide(head_dim))).named('packet_length');
  const packets = ofGroup.mux(wide(groups), ofHeads.mux(m.constant(length.type, 1), wide(heads))).named('packets');
  const done = m.register('rows_done', uint(width), { reset: 0 });
  const packet = m.register('packet', uint(width), { reset: 0 });
  const reached = done.add(p.lanes).named('rows_reached');
  const end = reached.ge(length.ext(reached.width)).named('packet_end');
  const lastPacket = end.and(increment(packet).eq(packets)).named('last_packet');
  m.when(issue, () => {
    done.next(end.mux(m.constant(done.type, 0), reached.trunc(width)));
    m.when(end, () => packet.next(lastPacket.mux(m.constant(packet.type, 0), increment(packet))));
    m.when(lastPacket, () => {
      m.switch(segment, {
        b: () => segment.next('c'),
        c: () => segment.next('dt'),
        dt: () => segment.next('x'),
        x: () => segment.next('z'),
        z: () => segment.next('b'),
      });
    });
  });
  const countBits = bitsFor(BigInt(p.lanes));
  const left = length.sub(done).trunc(width).asUnsigned();
  const rest = countBits <= width ? left.trunc(countBits) : left.ext(countBits);
  return {
    segment,
    end,
    last: lastPacket.and(segment.is('z')).named('last'),
    count: end.mux(rest, p.lanes).named('count'),
  };
}

/** golden's `multiply` for in_proj, and the saturation of its `mix`. A beat per cycle, latency 3. */
export function frontUnit(p: FrontParameters): Design<FrontInterface> {
  const { projectedBits } = p.numerics.mixer;
  return defineModule(
    {
      name: `mixer_front_p${p.lanes}`,
      doc: `in_proj's results times 1/rms, in their formats: ${p.lanes} per cycle.`,
      ports: frontInterface(p),
    },
    (m, io) => {
      m.comment('Issue: a beat of results, with 1/rms.');
      const waits = m.wire('waits', uint(1));
      const advance = waits.not().named('advance');
      const known = io.token.valid.and(io.scale.valid).and(advance).named('known');
      const issue = known.and(io.product.valid).named('issue');
      const at = walkPackets(m, io, p, issue);
      io.product.ready.drive(known);
      io.token.ready.drive(issue.and(at.last));
      io.scale.ready.drive(issue.and(at.last));

      m.comment('1/rms.');
      const { shift_z, shift_xbc, shift_dt } = io.token.payload;
      const base = at.segment.is('z').mux(shift_z, at.segment.is('dt').mux(shift_dt, shift_xbc)).named('base');
      const pipe = m.pipeline('beat', { enable: advance });
      const { mantissa, shift } = io.scale.payload;
      const scale = {
        mantissa: pipe.enter(mantissa),
        amount: pipe.enter(scaleAmount(m, base, shift, issue).named('amount')),
      };
      const kept = unpack(io.product.payload, p.resultBits).map((y, i) => {
        const scaled = scaledBy(m, pipe, `y_${i}`, pipe.enter(y.asSigned().named(`y_${i}`)), scale);
        return pipe.stage(`value_${i}`, { ...keep(m, scaled, projectedBits, `value_${i}`) });
      });

      m.comment('dt goes its own way.');
      const latency = pipe.latency(kept[0]!.value);
      const valid = pipe.at(pipe.flag(issue), latency);
      const {
        is_dt: isDt,
        is_z: isZ,
        ...kinds
      } = pipe.at(
        pipe.enter({
          is_dt: at.segment.is('dt'),
          is_z: at.segment.is('z'),
          is_c: at.segment.is('c'),
          is_x: at.segment.is('x'),
        }),
        latency,
      );
      const { end, last, count } = pipe.at(pipe.enter({ end: at.end, last: at.last, count: at.count }), latency);
      const kindIs = (name: 'b' | 'c' | 'x' | 'z') => m.constant(channelKind, name);
      const values = pack(kept.map((k) => k.value));
      io.dt.valid.drive(valid.and(isDt));
      io.dt.payload.drive({ values, count, end });
      io.channels.valid.drive(valid.and(isDt.not()));
      const kind = isZ.mux(kindIs('z'), kinds.is_x.mux(kindIs('x'), kinds.is_c.mux(kindIs('c'), 'b')));
      io.channels.payload.drive({ values, kind, count, end, last });
      waits.drive(valid.and(isDt.mux(io.dt.ready, io.channels.ready).not()));

      m.comment('Clamped values.');
      const moves = valid.and(advance).named('moves');
      const clamped = counting(
        kept.map((k) => k.clamped),
        count,
      );
      io.saturations.drive({
        z: clampCounter(m, 'z', clamped, moves.and(isZ)),
        xbc: clampCounter(m, 'xbc', clamped, moves.and(isZ.or(isDt).not())),
        dt: clampCounter(m, 'dt', clamped, moves.and(isDt)),
      });
    },
  );
}
