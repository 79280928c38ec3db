/** Claims about fork and join. */
import { bit, type Design, sink, source, toBits, uint } from '../../gen/index.ts';
import { connect, watch } from '../../gen/stream/index.ts';
import { consumers } from './elements.ts';
import { allOf, implies, monitor, moves, same } from './monitor.ts';
import { probe } from './probe.ts';

type ForkElement = Design<
  { readonly in: ReturnType<typeof sink<typeof small>> } & {
    readonly [K in 'a' | 'b' | 'c']: ReturnType<typeof source<typeof small>>;
  }
>;
export const small = uint(2);

/** Every consumer gets every beat exactly once, and is not made to wait for the others. */
export function forkClaims(element: ForkElement): Design {
  const ports = { in: sink(small, ''), a: source(small, ''), b: source(small, ''), c: source(small, '') };
  return monitor(element, ports, (m, io, claims) => {
    const dut = m.instance('dut', probe(element, ['a_taken', 'b_taken', 'c_taken']));
    connect(dut.in, io.in);
    for (const name of consumers) connect(io[name], dut[name]);
    claims.assume(watch(m, 'rules_in', io.in).now.not());
    const enter = moves(io.in);
    const satisfied = consumers.map((name) => {
      const out = io[name];
      claims.never(watch(m, `rules_${name}`, out).now);
      const delivered = m.register(`${name}_delivered`, bit, { reset: 0 });
      const fires = moves(out);
      delivered.next(enter.not().and(delivered.or(fires)));
      claims.never(fires.and(delivered.or(io.in.valid.not())));
      claims.never(enter.and(delivered.or(fires).not()));
      claims.never(out.valid.and(toBits(out.payload).ne(io.in.payload)));
      claims.never(io.in.valid.and(delivered.not()).and(out.valid.not()));
      claims.invariant(same(delivered, dut[`probe_${name}_taken`]));
      claims.invariant(implies(delivered, io.in.valid));
      return delivered.or(fires);
    });
    claims.never(io.in.valid.and(allOf(satisfied)).and(enter.not()));
  });
}

type JoinElement = Design<{
  readonly a: ReturnType<typeof sink<typeof small>>;
  readonly b: ReturnType<typeof sink<typeof small>>;
  readonly out: ReturnType<typeof source<{ readonly a: typeof small; readonly b: typeof small }>>;
}>;

/** A record moves together with its parts, and consists of them. */
export function joinClaims(element: JoinElement): Design {
  const ports = { a: sink(small, ''), b: sink(small, ''), out: source({ a: small, b: small }, '') };
  return monitor(element, ports, (m, io, claims) => {
    const dut = m.instance('dut', element);
    connect(dut.a, io.a);
    connect(dut.b, io.b);
    connect(io.out, dut.out);
    claims.assume(watch(m, 'rules_a', io.a).now.not());
    claims.assume(watch(m, 'rules_b', io.b).now.not());
    claims.never(watch(m, 'rules_out', io.out).now);
    claims.never(same(io.out.valid, io.a.valid.and(io.b.valid)).not());
    for (const part of [io.a, io.b]) claims.never(same(moves(part), moves(io.out)).not());
    claims.never(io.out.valid.and(io.out.payload.a.ne(io.a.payload)));
    claims.never(io.out.valid.and(io.out.payload.b.ne(io.b.payload)));
  });
}
