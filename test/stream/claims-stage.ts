/** Claims about elements with one stream in and the same stream out. */
import {
  bit,
  bitsFor,
  type Design,
  type Given,
  type Shape,
  type Taken,
  toBits,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { fifoWords } from '../../gen/stream/fifo.ts';
import { connect, type Stage, watch } from '../../gen/stream/index.ts';
import { type Claims, free, implies, minus, monitor, moves, pick, plus, same } from './monitor.ts';
export interface StageSheet {
  readonly places: number;
  readonly latency: number;
  /** `in.ready` by the number of beats inside and `out.ready`. */
  readonly ready: (inside: UInt, outReady: UInt) => UInt;
  /** Claims about the element's probes: the beats inside, and the marked beat: `ahead` beats are before it. */
  readonly inside?: (probes: Readonly<Record<string, UInt>>, at: Track, claims: Claims) => void;
}

interface Track {
  readonly inside: UInt;
  readonly pending: UInt;
  readonly ahead: UInt;
  readonly value: UInt;
}

/** One stream in, the same out, in order, with some places between. */
export function stageClaims<T extends Shape>(element: Design<Stage<T>>, sheet: StageSheet): Design {
  const ports = { in: element.ports.in, out: element.ports.out, ...free };
  return monitor(element, ports, (m, untyped, claims) => {
    const io = untyped as unknown as { in: Taken<T>; out: Given<T>; mark: UInt };
    const dut = m.instance('dut', element) as unknown as { in: Given<T>; out: Taken<T> };
    const { in: _in, out: _out, ...beside } = dut as unknown as Readonly<Record<string, UInt>>;
    m.unused(...Object.values(beside));
    connect(dut.in, io.in);
    connect(io.out, dut.out);
    claims.assume(watch(m, 'rules_in', io.in).now.not());
    claims.never(watch(m, 'rules_out', io.out).now);
    const [enter, leave] = [moves(io.in), moves(io.out)];
    const count = uint(bitsFor(BigInt(sheet.places)) + 1);
    const zero = m.constant(count, 0);

    const inside = m.register('inside', count, { reset: 0 });
    inside.next(minus(plus(inside, enter), leave));
    claims.never(inside.gt(sheet.places));
    claims.never(io.out.valid.and(inside.eq(0)));
    claims.never(same(io.in.ready, sheet.ready(inside, io.out.ready)).not());

    const waits = inside.ne(0).and(io.out.valid.not());
    const waited = m.register('waited', uint(4), { reset: 0 });
    waited.next(waits.mux(plus(waited, 1), m.constant(uint(4), 0)));
    claims.never(waits.and(waited.ge(sheet.latency - 1)));
    m.unused(waited); // with latency 1 nothing may wait at all

    const picked = m.register('picked', bit, { reset: 0 });
    const follow = enter.and(io.mark).and(picked.not());
    picked.next(picked.or(follow));
    const value = m.delay('value', toBits(io.in.payload), { enable: follow });
    const pending = m.register('pending', bit, { reset: 0 });
    const ahead = m.register('ahead', count, { reset: 0 });
    const arrives = pending.and(ahead.eq(0));
    pending.next(follow.or(pending.and(arrives.and(leave).not())));
    ahead.next(follow.mux(minus(inside, leave), leave.mux(arrives.mux(zero, minus(ahead, 1)), ahead)));
    claims.never(arrives.and(io.out.valid).and(toBits(io.out.payload).ne(value)));
    claims.never(pending.and(ahead.ge(inside)));
    const probes = dut as unknown as Readonly<Record<string, UInt>>;
    sheet.inside?.(probes, { inside, pending, ahead, value }, claims);
  });
}

/** The skid buffer's second place holds the marked beat when one is ahead of it. */
export const insideSkidBuffer: NonNullable<StageSheet['inside']> = (probes, { pending, ahead, value }, { invariant }) =>
  invariant(implies(pending.and(ahead.eq(1)), probes['probe_skid']!.eq(value)));

/** The FIFO's pointers span the beats it counts, and the marked beat is in its word. */
export const insideFifo =
  (depth: number): NonNullable<StageSheet['inside']> =>
  (probes, { inside, pending, ahead, value }, { invariant }) => {
    const { probe_held, probe_shown, probe_head, probe_tail } = probes as Record<string, UInt | undefined>;
    const places = fifoWords(depth);
    const shown = probe_shown!.ext(inside.width);
    const at = (distance: UInt): UInt => {
      const width = inside.width + 1;
      const sum = probe_head === undefined ? distance : probe_head.ext(width).add(distance).trunc(width);
      return sum.ge(places).mux(minus(sum, places), sum);
    };
    invariant(probe_held!.ext(inside.width).eq(inside));
    invariant(inside.le(depth).and(shown.le(inside)).and(minus(inside, shown).le(places)));
    for (const pointer of [probe_head, probe_tail])
      if (pointer !== undefined) invariant(pointer.ext(pointer.width + 1).lt(places));
    if (probe_tail !== undefined)
      invariant(probe_tail.ext(inside.width + 1).eq(at(minus(inside, shown)).ext(inside.width + 1)));
    const words = Array.from({ length: places }, (_, i) => probes[`probe_words_${i}`]!);
    const place = at(minus(ahead, shown));
    const queued = pending.and(ahead.ge(shown));
    invariant(implies(queued, pick(words, place).eq(value)));
  };
