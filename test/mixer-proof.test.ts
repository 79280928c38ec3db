/**
 * Proofs by Yosys about what is between the projections, on small parameters: for anything that a number of cycles after a reset can bring,
 * a change of width keeps every element, its order and the ends of packets, and the convolution reads and writes each word of state once, with the
 * beat that it belongs to.
 */
import { describe, expect, it } from 'vitest';
import {
  bit,
  type Design,
  type Drivable,
  fromBits,
  increment,
  input,
  lessBy,
  type Shape,
  uint,
  unpack,
  widthOf,
} from '../gen/index.ts';
import { connect, watch } from '../gen/stream/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { convCore } from '../hw/conv/core.ts';
import { channelKind } from '../hw/conv/parameters.ts';
import { type RegroupOptions, regroup } from '../hw/lanes/regroup.ts';
import { anyOf, free, implies, monitor, moves, pick } from './stream/monitor.ts';
import { check, proved, refuted, stuck } from './stream/prove.ts';

/** One element of all is followed: the prover chooses its number. */
function keepsElements(options: RegroupOptions, element: Design = regroup(options) as Design): Design {
  const { ports } = regroup(options);
  return monitor(element, { ...ports, ...free }, (m, io, say) => {
    const dut = m.instance('dut', element as ReturnType<typeof regroup>);
    connect(dut.in, io.in);
    connect(io.out, dut.out);
    const { count, end, values } = io.in.payload;
    say.assume(watch(m, 'rules_in', io.in).now.not());
    say.assume(implies(io.in.valid, end.mux(count.ne(0).and(count.le(options.from)), count.eq(options.from))));

    m.comment('Numbers of the first element of the next beat on both sides, and the number that is followed.');
    const wide = 6;
    const [given, taken] = [moves(io.in), moves(io.out)];
    const number = (name: string, step: typeof given, by: typeof count) => {
      const at = m.register(name, m.constant({ ...count.type, width: wide }, 0).type, { reset: 0, enable: step });
      at.next(at.add(by.ext(wide)).trunc(wide));
      return at;
    };
    const [first, left] = [number('given', given, count), number('taken', taken, dut.out.payload.count)];
    const chosen = m.register('chosen', first.type, { reset: 0 });
    const fixed = m.register('fixed', io.mark.type, { reset: 0 });
    m.when(io.mark.and(fixed.not()), () => {
      chosen.next(first);
      fixed.next(1);
    });
    const here = fixed.mux(chosen, first);
    const follows = fixed.or(io.mark);
    const value = m.register('value', io.mark.type, { reset: 0 });
    const ends = m.register('ends', io.mark.type, { reset: 0 });
    const known = m.register('known', io.mark.type, { reset: 0 });
    const within = (at: typeof first, n: typeof count) => here.ge(at).and(here.sub(at).lt(n.ext(wide + 1).asSigned()));
    const index = (at: typeof first) => here.sub(at).trunc(3).asUnsigned();
    const enters = given.and(follows).and(within(first, count)).named('enters');
    const bits = (word: typeof values) => unpack(word, 1);
    m.when(enters, () => {
      value.next(pick(bits(values), index(first)));
      ends.next(end.and(index(first).add(1).eq(count.ext(4))));
      known.next(1);
    });
    const out = dut.out.payload;
    const leaves = taken.and(follows).and(within(left, out.count)).named('leaves');
    const lastOfBeat = out.end.and(index(left).add(1).eq(out.count.ext(4)));
    say.never(leaves.and(known.not()));
    say.never(leaves.and(known).and(pick(bits(out.values), index(left)).ne(value)));
    say.never(leaves.and(known).and(lastOfBeat.ne(ends)));
    say.never(taken.and(out.end.not()).and(out.count.ne(options.to)));
    const waits = m.delay('waits', io.out.valid.and(io.out.ready.not()), { reset: 0 });
    say.never(waits.and(io.out.valid.not()));
  });
}

const chosenBit = (what: string) => input(bit, what);

const smallest = convCore({ lanes: 1, taps: 2, maxWords: 2, stateWords: 2, numerics: defaultNumerics });

/** Handshakes of the convolution: its data is left to the simulation, and is 0 here. */
function keepsState(core = smallest): Design {
  const ports = {
    ...{ token: chosenBit('valid'), in: chosenBit('valid'), weight: chosenBit('valid'), state: chosenBit('valid') },
    ...{ out: chosenBit('ready'), z: chosenBit('kind'), last: chosenBit('last') },
  };
  return monitor(core as Design, ports, (m, io, say) => {
    const dut = m.instance('dut', core);
    const zeros = <T extends Shape>(shape: T) => fromBits(shape, m.constant(uint(widthOf(shape)), 0));
    for (const name of ['token', 'weight', 'state'] as const) {
      dut[name].valid.drive(io[name]);
      (dut[name].payload as Drivable<Shape>).drive(zeros(core.ports[name].shape as Shape));
    }
    dut.in.valid.drive(io.in);
    const beat = { values: 0, count: 1, end: 1, last: io.last };
    dut.in.payload.drive({ ...beat, kind: io.z.mux(m.constant(channelKind, 'z'), 'x') });
    dut.out.ready.drive(io.out);
    m.unused(dut.new_state, dut.out.payload, dut.saturations);

    const taken = io.in.and(dut.in.ready);
    const convolved = taken.and(io.z.not());
    const [reads, weighs] = [io.state.and(dut.state.ready), io.weight.and(dut.weight.ready)];
    say.never(anyOf([reads, weighs].map((s) => s.ne(convolved))));
    say.never(io.token.and(dut.token.ready).ne(taken.and(io.last)));
    const waits = m.delay('waits', dut.out.valid.and(io.out.not()), { reset: 0 });
    say.never(waits.and(dut.out.valid.not()));
    m.comment('As many results as beats.');
    const under = m.register('under_way', uint(5), { reset: 0 });
    const leaves = dut.out.valid.and(io.out);
    m.when(taken.xor(leaves), () => under.next(taken.mux(increment(under), lessBy(under, 1))));
    say.never(leaves.and(under.eq(0)));
  });
}

describe('a change of width', () => {
  it.each([
    [2, 3],
    [4, 2],
  ] as const)('from %i to %i keeps elements, order and ends', async (from, to) => {
    expect(await check(keepsElements({ bits: 1, from, to }), 8)).toMatch(proved(8));
  });
  it('is refuted when it takes beats that it has no place for', async () => {
    const options = { bits: 1, from: 2, to: 3 };
    expect(await check(keepsElements(options, stuck(regroup(options) as Design, 'room')), 8)).toMatch(refuted);
  });
});

describe('the convolution', () => {
  it('reads and writes a word of state for each beat that is convolved, and none else', async () => {
    expect(await check(keepsState(), 20)).toMatch(proved(20));
  });
  it('is refuted when it does not wait for state and weights', async () => {
    const hasty = stuck(smallest, 'supplied');
    expect(await check(keepsState(hasty), 6)).toMatch(refuted);
  });
});
