/** What the elements of gen/cdc promise, as monitors around their single-clock forms. */
import { bit, type Design, defineModule, input, output, type Signal, type UInt, uint } from '../../gen/index.ts';
import { oneClock } from './one-clock.ts';

interface Target extends Signal {
  drive(value: Signal): void;
}
type Handles = Record<string, Target>;

const counter = uint(4);

const verdict = { wrong: output(bit, 'a promise is broken in this step') };

/** Free inputs for all that a single-clock form has besides its streams. */
function freeInputs(design: Design, known: readonly string[]) {
  const names = Object.keys(design.ports).filter((p) => !known.includes(p));
  return Object.fromEntries(
    names.map((n) => [n, input(uint((design.ports[n]!.shape as { readonly width: number }).width), '')]),
  );
}

/**
 * A crossing of a stream of two-bit beats: what comes out as beat k is what went in as beat k, for any k; nothing comes
 * out that has not gone in; a beat that waits stays.
 */
export function streamCrossingClaims(crossing: Design): Design {
  const design = oneClock(crossing);
  const extra = freeInputs(design, ['in', 'out']);
  const ports = {
    in_valid: input(bit, ''),
    in_data: input(uint(2), ''),
    out_ready: input(bit, ''),
    ...extra,
    ...verdict,
  };
  return defineModule(
    {
      name: 'crossing_claims',
      doc: 'Claims about a stream crossing.',
      ports: ports,
    },
    (m, io) => {
      const inside = m.instance('crossing', design) as unknown as Handles & {
        readonly in: { readonly valid: Target; readonly ready: UInt; readonly payload: Target };
        readonly out: { readonly valid: UInt; readonly ready: Target; readonly payload: UInt };
      };
      const outside = io as unknown as Record<string, UInt>;
      for (const name of Object.keys(extra)) inside[name]!.drive(outside[name]!);
      inside.in.valid.drive(io.in_valid);
      inside.in.payload.drive(io.in_data);
      inside.out.ready.drive(io.out_ready);

      const given = io.in_valid.and(inside.in.ready).and(outside['edge_from_clk']!);
      const gotten = inside.out.valid.and(io.out_ready).and(outside['edge_to_clk']!);
      const k = m.register('k', counter);
      k.next(k);
      const count = (name: string, enable: UInt) => {
        const at = m.register(name, counter, { reset: 0, enable });
        at.next(at.add(1).trunc(counter.width));
        return at;
      };
      const writes = count('writes', given);
      const reads = count('reads', gotten);
      const saved = m.delay('saved', io.in_data, { enable: given.and(writes.eq(k)) });
      const waiting = m.delay('waiting', inside.out.valid.and(gotten.not()), { reset: 0 });
      const before = m.delay('before', inside.out.payload);
      const wrongBeat = gotten.and(reads.eq(k)).and(saved.ne(inside.out.payload));
      const tooMany = gotten.and(reads.eq(writes));
      const moved = waiting.and(inside.out.valid.not().or(before.ne(inside.out.payload)));
      io.wrong.drive(wrongBeat.or(tooMany).or(moved));
    },
  );
}

/** A pulse handshake: events seen are at most one behind the events that counted, and never ahead. */
export function pulseClaims(crossing: Design): Design {
  const design = oneClock(crossing);
  const extra = freeInputs(design, ['ready', 'fired']);
  return defineModule(
    {
      name: 'pulse_claims',
      doc: 'Claims about a pulse handshake.',
      ports: { ...extra, ...verdict },
    },
    (m, io) => {
      const inside = m.instance('crossing', design) as unknown as Handles & {
        readonly ready: UInt;
        readonly fired: UInt;
      };
      const outside = io as unknown as Record<string, UInt>;
      for (const name of Object.keys(extra)) inside[name]!.drive(outside[name]!);
      const open = m.register('open', bit, { reset: 0 });
      const fired = outside['fire']!.and(inside.ready).and(outside['edge_from_clk']!);
      const seen = inside.fired.and(outside['edge_to_clk']!);
      open.next(fired.or(open.and(seen.not())));
      io.wrong.drive(fired.and(open).or(seen.and(open.not())));
    },
  );
}
