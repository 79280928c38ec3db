/** Claims about the width converters. */
import { bit, type Design, sink, source, uint, unpack } from '../../gen/index.ts';
import { connect, type Stage, units, type WidthOptions, watch, words } from '../../gen/stream/index.ts';
import { free, implies, monitor, moves, pick, plus, same } from './monitor.ts';
import { probe } from './probe.ts';

type WidenElement = Design<Stage<ReturnType<typeof units>, ReturnType<typeof words>>>;

/** Every unit is in its lane of its word; count and last are those of the word; the rest is zero. */
export function widenClaims(element: WidenElement, options: WidthOptions): Design {
  const { unit, ratio } = options;
  const ports = { in: sink(units(options), ''), out: source(words(options), ''), ...free };
  return monitor(element, ports, (m, io, claims) => {
    const dut = m.instance('dut', probe(element, ['position']));
    connect(dut.in, io.in);
    connect(io.out, dut.out);
    claims.assume(watch(m, 'rules_in', io.in).now.not());
    claims.never(watch(m, 'rules_out', io.out).now);
    const [enter, leave] = [moves(io.in), moves(io.out)];
    const small = uint(4);
    const position = m.register('position', small, { reset: 0, enable: enter });
    const ends = io.in.payload.last.or(position.eq(ratio - 1));
    position.next(ends.mux(m.constant(small, 0), plus(position, 1)));
    const full = m.register('full', bit, { reset: 0 });
    full.next(enter.mux(ends, full.and(leave.not())));
    const enable = enter.and(ends);
    const count = m.delay('count', plus(position, 1), { enable });
    const last = m.delay('last', io.in.payload.last, { enable });
    claims.never(same(io.out.valid, full).not());
    claims.never(same(io.in.ready, full.not().or(io.out.ready)).not());
    claims.never(full.and(io.out.payload.count.ext(4).ne(count).or(io.out.payload.last.ne(last))));
    const lanes = unpack(io.out.payload.data, unit);
    const filled = full.mux(count, position);
    for (const [i, lane] of lanes.entries()) {
      const beyond = filled.le(i).and(lane.ne(0));
      claims.never(full.and(beyond));
      claims.invariant(implies(filled.ne(0), beyond.not()));
    }

    const picked = m.register('picked', bit, { reset: 0 });
    const follow = enter.and(io.mark).and(picked.not());
    picked.next(picked.or(follow));
    const value = m.delay('value', io.in.payload.data, { enable: follow });
    const lane = m.delay('lane', position, { enable: follow });
    const pending = m.register('pending', bit, { reset: 0 });
    pending.next(follow.or(pending.and(leave.not())));
    const held = lane.lt(filled).and(pick(lanes, lane).eq(value));
    claims.never(full.and(pending).and(held.not()));
    claims.invariant(implies(pending, held));
    claims.invariant(dut.probe_position.ext(4).eq(position).and(position.lt(ratio)));
    claims.invariant(implies(full, position.eq(0).and(count.ne(0)).and(count.le(ratio))));
  });
}

type NarrowElement = Design<Stage<ReturnType<typeof words>, ReturnType<typeof units>>>;

/** The units of a word come out one after the other, none missing, `last` on the last. */
export function narrowClaims(element: NarrowElement, options: WidthOptions): Design {
  const { unit, ratio } = options;
  const ports = { in: sink(words(options), ''), out: source(units(options), '') };
  return monitor(element, ports, (m, io, claims) => {
    const dut = m.instance('dut', probe(element, ['position']));
    connect(dut.in, io.in);
    connect(io.out, dut.out);
    const count = io.in.payload.count.ext(4);
    claims.assume(watch(m, 'rules_in', io.in).now.not());
    claims.assume(implies(io.in.valid, count.ne(0).and(count.le(ratio))));
    claims.never(watch(m, 'rules_out', io.out).now);
    const given = m.register('given', uint(4), { reset: 0, enable: moves(io.out) });
    const ends = plus(given, 1).eq(count);
    given.next(ends.mux(m.constant(given.type, 0), plus(given, 1)));
    claims.never(same(io.out.valid, io.in.valid).not());
    claims.never(same(moves(io.in), moves(io.out).and(ends)).not());
    claims.never(io.out.valid.and(io.out.payload.data.ne(pick(unpack(io.in.payload.data, unit), given))));
    claims.never(io.out.valid.and(io.out.payload.last.ne(io.in.payload.last.and(ends))));
    claims.invariant(dut.probe_position.ext(4).eq(given));
    claims.invariant(implies(given.ne(0), io.in.valid.and(given.lt(count))));
  });
}
