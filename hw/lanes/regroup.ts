/** Beats of N elements to beats of M, packet by packet. */
import {
  bit,
  bitsFor,
  type Design,
  defineModule,
  lessBy,
  type ModuleBuilder,
  pack,
  sink,
  source,
  type Taken,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { through } from '../../gen/stream/index.ts';
import { HardwareProblem } from '../problem.ts';

export interface RegroupOptions {
  /** Bits of an element. */
  readonly bits: number;
  /** N: elements of a beat that is taken. */
  readonly from: number;
  /** M: elements of a beat that is given. */
  readonly to: number;
  /** Beats inside a packet may be short: any place can then be the first free one. */
  readonly ragged?: boolean;
}

/** A packet's elements, N at a time: `count` of them in a beat, N but for the last beat, which `end` marks. */
export const elementsShape = (bits: number, lanes: number) => ({
  values: uint(bits * lanes),
  count: uint(bitsFor(BigInt(lanes))),
  end: bit,
});

const regroupInterface = ({ bits, from, to }: RegroupOptions) => ({
  in: sink(elementsShape(bits, from), `${from} elements, the first in the low bits; count: how many; end: of a packet`),
  out: source(elementsShape(bits, to), `${to} elements; those beyond count are undefined`),
});

/**
 * Regroups a packet of any length: every beat but its last is full. Elements wait in a row of places, are taken off its front M at a time,
 * and put in behind those that wait. Places are as coarse as N and M allow, where the
 * beats that are taken are full too.
 *
 *     latency     1 cycle from the elements that complete a beat
 *     throughput  the wider side moves as often as the narrower allows; one cycle is lost where a packet's last beat is taken
 *                 with more waiting than a beat holds
 *     paths       out: from registers, `valid` through a comparison; in.ready <- out.ready
 *     state       N + M - gcd(N, M) elements, their number, 1 flag
 */
export function regroup(options: RegroupOptions): Design<ReturnType<typeof regroupInterface>> {
  const { bits, from, to, ragged = false } = options;
  for (const [name, value] of Object.entries({ bits, from, to })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new HardwareProblem('regroup', name, 'a whole number from 1', `${value}`);
  }
  const grain = ragged ? 1 : greatestDivisor(from, to);
  const [taken, given] = [from / grain, to / grain];
  const places = taken + given - 1;
  const most = places * grain;
  return defineModule(
    {
      name: `regroup_w${bits}_${from}_to_${to}${ragged ? '_ragged' : ''}`,
      doc: `Beats of ${from} elements of ${bits} bits to beats of ${to}, packet by packet.`,
      ports: regroupInterface(options),
    },
    (m, io) => {
      const held = m.register('held', uint(bitsFor(BigInt(most))), { reset: 0 });
      const ended = m.register('ended', bit, { reset: 0 });
      const rest = to >= most ? m.constant(bit, 1) : held.le(to);
      const full = held.ge(to).named('full');
      const valid = full.or(ended).named('any');
      const last = ended.and(rest).named('last');
      const give = valid.and(io.out.ready).named('give');
      const after = give.mux(last.mux(m.constant(held.type, 0), lessBy(held, to)), held).named('held_after');
      const open = ended.not().or(give.and(last));
      const ready = (most - from === 0 ? after.eq(0) : after.le(most - from)).and(open).named('room');
      const take = io.in.valid.and(ready).named('take');
      io.in.ready.drive(ready);
      const { values, count, end } = io.in.payload;
      held.next(take.mux(after.add(count.ext(Math.max(count.width, after.width))).trunc(held.width), after));
      ended.next(take.mux(end, ended.and(give.and(last).not())));
      if (!ragged)
        m.assert('full_beats', take.not().or(end).or(count.eq(from)), 'only the last beat of a packet has places free');
      m.assert('some_count', take.not().or(count.ne(0)), 'a beat has elements');

      m.comment('Places: taken off the front, filled behind what waits.');
      const wide = grain * bits;
      const arriving = unpack(values, wide);
      const row = Array.from({ length: places }, (_, i) => m.register(`place_${i}`, uint(wide)));
      const positions = Array.from({ length: places - taken + 1 }, (_, at) =>
        after.eq(at * grain).named(`free_from_${at}`),
      );
      row.forEach((place, i) => {
        const moved = i + given < places ? give.mux(row[i + given]!, place) : place;
        // a place that is free wherever elements are put in takes some each time; those of a later position win
        const alwaysFree = i >= positions.length - 1;
        const choices = positions.flatMap((here, at) => {
          const unit = arriving[i - at];
          return unit === undefined ? [] : [{ here, unit }];
        });
        const next = choices.reduce<UInt>(
          (value, { here, unit }, n) => (alwaysFree && n === 0 ? take : here.and(take)).mux(unit, value),
          moved,
        );
        place.next(next);
      });
      io.out.valid.drive(valid);
      io.out.payload.drive({
        values: pack(row.slice(0, given)),
        count: rest.mux(
          held.width > io.out.payload.count.width
            ? held.trunc(io.out.payload.count.width)
            : held.ext(io.out.payload.count.width),
          to,
        ),
        end: last,
      });
    },
  );
}

/** A stream of elements in beats of M. */
export function regrouped(
  m: ModuleBuilder,
  name: string,
  options: RegroupOptions,
  stream: Taken<ReturnType<typeof elementsShape>>,
): Taken<ReturnType<typeof elementsShape>> {
  return through(m, name, regroup(options), stream);
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
