/** Claims about the arbiter. */
import { bit, type Design, type output, sink, source, toBits, type UInt, uint } from '../../gen/index.ts';
import { connect, watch } from '../../gen/stream/index.ts';
import { consumers } from './elements.ts';
import { anyOf, implies, monitor, moves, pick, plus, same } from './monitor.ts';
import { probe } from './probe.ts';

const beat = { data: uint(1), last: bit };
type ArbiterElement = Design<
  { readonly [K in 'a' | 'b' | 'c']: ReturnType<typeof sink<typeof beat>> } & {
    readonly out: ReturnType<typeof source<typeof beat>>;
    readonly from: ReturnType<typeof output<ReturnType<typeof uint>>>;
  }
>;

/** A beat that leaves is the one that enters, nobody is passed more than n - 1 times, packets stay together. */
export function arbiterClaims(element: ArbiterElement, packets: boolean): Design {
  const ports = { a: sink(beat, ''), b: sink(beat, ''), c: sink(beat, ''), out: source(beat, '') };
  const n = consumers.length;
  return monitor(element, ports, (m, io, claims) => {
    const dut = m.instance('dut', probe(element, ['locked', 'a_served', 'b_served', 'c_served']));
    for (const name of consumers) connect(dut[name], io[name]);
    connect(io.out, dut.out);
    const { from } = dut;
    for (const name of consumers) claims.assume(watch(m, `rules_${name}`, io[name]).now.not());
    claims.never(watch(m, 'rules_out', io.out).now);
    const inputs = consumers.map((name) => io[name]);
    const fires = inputs.map(moves);
    const leave = moves(io.out);
    const turn = packets ? leave.and(io.out.payload.last) : leave;

    // A turn that has begun: a packet that is not over, or a beat that waits.
    const open = m.register('open', bit, { reset: 0 });
    const owner = m.delay('owner', from, { enable: io.out.valid });
    const waits = m.delay('waits', io.out.valid.and(io.out.ready.not()), { reset: 0 });
    open.next(leave.mux(packets ? io.out.payload.last.not() : m.constant(bit, 0), open));
    const valids = inputs.map((s) => s.valid as UInt);
    claims.never(same(io.out.valid, open.mux(pick(valids, owner), anyOf(valids))).not());
    claims.never(open.and(io.out.valid).and(from.ne(owner)));
    claims.never(same(leave, anyOf(fires)).not());
    claims.never(from.gt(n - 1));
    const served = consumers.map((name) => dut[`probe_${name}_served`]);
    const locked = dut.probe_locked;
    for (const [i, name] of consumers.entries()) {
      claims.never(fires[i]!.and(from.ne(i)));
      claims.never(io.out.valid.and(from.eq(i)).and(toBits(io.out.payload).ne(toBits(inputs[i]!.payload))));
      const passed = m.register(`${name}_passed`, uint(3), { reset: 0 });
      const waiting = valids[i]!.and(fires[i]!.not());
      passed.next(waiting.mux(turn.mux(plus(passed, 1), passed), m.constant(passed.type, 0)));
      claims.never(passed.gt(n - 1));
      claims.invariant(implies(locked.and(served[i]!), owner.eq(i)));
      for (const [g, before] of served.entries()) {
        const most = (g - i + n) % n;
        claims.invariant(implies(before.and(locked.not()), passed.le(most)));
        if (g !== i) claims.invariant(implies(before.and(locked), passed.lt(most)));
      }
      claims.invariant(implies(passed.ne(0), valids[i]!));
    }
    claims.invariant(
      served
        .map((s) => s.ext(2))
        .reduce((a, b) => plus(a, b))
        .eq(1),
    );
    claims.invariant(same(locked, open.or(waits)));
  });
}
