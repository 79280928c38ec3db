/**
 * What is proved of every stream element, written as hardware around it. A monitor is a design whose inputs a prover
 * chooses and that says in every cycle: `assumed`, the surroundings have kept the rules; `wrong`, the element has broken its
 * data sheet; `inconsistent`, the monitor and the element disagree about what is inside (which only helps the induction).
 *
 * To follow one beat among any number, the prover marks one when it enters; what holds for it holds for each.
 */
import {
  bit,
  bitsFor,
  type Design,
  type Driven,
  defineModule,
  type Given,
  type Inside,
  type Interface,
  input,
  type ModuleBuilder,
  output,
  type Shape,
  sink,
  source,
  type Taken,
  type UInt,
  uint,
  unpack,
} from '../gen/index.ts';
import { connect, packPayload, type Stage, units, type WidthOptions, watch, words } from '../gen/stream/index.ts';
import { probe } from './probe.ts';
import { consumers } from './stream-elements.ts';

/** Collects the claims of one monitor. */
interface Claims {
  assume(holds: UInt): void;
  never(happens: UInt): void;
  invariant(holds: UInt): void;
}

const free = { mark: input(bit, 'follow the beat that enters now') };
const flags = { assumed: output(bit, ''), wrong: output(bit, ''), inconsistent: output(bit, '') };

function monitor<I extends Interface>(
  element: Design,
  ports: I,
  body: (m: ModuleBuilder, io: Inside<I>, claims: Claims) => void,
): Design {
  const all = { ...ports, ...flags };
  return defineModule({ name: 'monitor', doc: `Claims about ${element.module.name}.`, ports: all }, (m, io) => {
    const kept: UInt[] = [m.constant(bit, 1)];
    const happened: UInt[] = [m.constant(bit, 0)];
    const consistent: UInt[] = [m.constant(bit, 1)];
    body(m, io as unknown as Inside<I>, {
      assume: (holds) => kept.push(holds),
      never: (happens) => happened.push(happens),
      invariant: (holds) => consistent.push(holds),
    });
    const outputs = io as unknown as Readonly<Record<keyof typeof flags, Driven<'unsigned'>>>;
    outputs.assumed.drive(kept.reduce((a, b) => a.and(b)));
    outputs.wrong.drive(happened.reduce((a, b) => a.or(b)));
    outputs.inconsistent.drive(consistent.reduce((a, b) => a.and(b)).not());
  });
}

const moves = <T extends Shape>(s: Taken<T> | Given<T>): UInt => s.valid.and(s.ready);
const implies = (a: UInt, b: UInt): UInt => a.not().or(b);
const same = (a: UInt, b: UInt): UInt => a.eq(b);
const plus = (x: UInt, y: number | UInt): UInt => x.add(y).trunc(x.width);
const minus = (x: UInt, y: number | UInt): UInt => x.sub(y).trunc(x.width).asUnsigned();
const anyOf = (all: readonly UInt[]): UInt => all.reduce((a, b) => a.or(b));
const allOf = (all: readonly UInt[]): UInt => all.reduce((a, b) => a.and(b));
/** The value at `index`. */
const pick = (values: readonly UInt[], index: UInt): UInt =>
  values.slice(1).reduce((other, v, i) => index.eq(i + 1).mux(v, other), values[0]!);

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

    const picked = m.register('picked', bit, { reset: 0 });
    const follow = enter.and(io.mark).and(picked.not());
    picked.next(picked.or(follow));
    const value = m.delay('value', packPayload(io.in.payload), { enable: follow });
    const pending = m.register('pending', bit, { reset: 0 });
    const ahead = m.register('ahead', count, { reset: 0 });
    const arrives = pending.and(ahead.eq(0));
    pending.next(follow.or(pending.and(arrives.and(leave).not())));
    ahead.next(follow.mux(minus(inside, leave), leave.mux(arrives.mux(zero, minus(ahead, 1)), ahead)));
    claims.never(arrives.and(io.out.valid).and(packPayload(io.out.payload).ne(value)));
    claims.never(pending.and(ahead.ge(inside)));
    const probes = dut as unknown as Readonly<Record<string, UInt>>;
    sheet.inside?.(probes, { inside, pending, ahead, value }, claims);
  });
}

/** The skid buffer's second place holds the marked beat when one is ahead of it. */
export const insideSkidBuffer: NonNullable<StageSheet['inside']> = (probes, { pending, ahead, value }, { invariant }) =>
  invariant(implies(pending.and(ahead.eq(1)), probes['probe_skid_data']!.eq(value)));

/** The FIFO's pointers span the beats it counts, and the marked beat is in its word. */
export const insideFifo =
  (depth: number): NonNullable<StageSheet['inside']> =>
  (probes, { inside, pending, ahead, value }, { invariant }) => {
    const { probe_held, probe_shown, probe_head, probe_tail } = probes as Record<string, UInt>;
    const shown = probe_shown!.ext(inside.width);
    const at = (distance: UInt): UInt => {
      const sum = probe_head!
        .ext(inside.width + 1)
        .add(distance)
        .trunc(inside.width + 1);
      return sum.ge(depth).mux(minus(sum, depth), sum);
    };
    invariant(probe_held!.ext(inside.width).eq(inside));
    invariant(inside.le(depth).and(shown.le(inside)));
    invariant(allOf([probe_head!, probe_tail!].map((p) => p.ext(p.width + 1).lt(depth))));
    invariant(probe_tail!.ext(inside.width + 1).eq(at(minus(inside, shown))));
    const place = at(minus(ahead, shown));
    const words = Array.from({ length: depth }, (_, i) => probes[`probe_words_${i}`]!);
    const queued = pending.and(ahead.ge(shown));
    invariant(implies(queued, pick(words, place).eq(value)));
  };

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
      claims.never(out.valid.and(packPayload(out.payload).ne(io.in.payload)));
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

const beat = { data: uint(1), last: bit };
type ArbiterElement = Design<
  { readonly [K in 'a' | 'b' | 'c']: ReturnType<typeof sink<typeof beat>> } & {
    readonly out: ReturnType<typeof source<typeof beat>>;
    readonly from: ReturnType<typeof output<typeof small>>;
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
      claims.never(io.out.valid.and(from.eq(i)).and(packPayload(io.out.payload).ne(packPayload(inputs[i]!.payload))));
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
