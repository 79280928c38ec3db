/** Activations as they are taken, and which of them the walk may take. */
import { atMost, type Inside, type ModuleBuilder, type UInt, unpack } from '../../gen/index.ts';
import type { MatmulInterface } from './interface.ts';
import type { Loader } from './loader.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

/** Activations that are offered, one cycle later; those beyond the matrix are zero. They count where `load` is 1. */
export interface Loaded {
  /** [C] */
  readonly q: readonly UInt[];
  readonly shift: UInt;
  /** As the loader's. */
  readonly load: UInt;
  readonly bank: UInt;
  readonly token: UInt;
  readonly column: UInt;
  readonly chunk: UInt;
  readonly complete: UInt;
}

/** A register of its own: what is beyond the matrix is its reset, which costs no logic. */
export function takeActivations(
  m: ModuleBuilder,
  io: Inside<MatmulInterface>,
  p: MatmulParameters,
  from: Loader,
): Loaded {
  m.comment('Activations, one register after they are taken: columns beyond the matrix become zero.');
  const { q: beat, shift } = io.act.payload;
  // Tables and bit planes in time are made of them in several cycles; otherwise what does not count is written again before it is read.
  const several = p.engine === 'table' || matmulWidths(p).passes > 1;
  const [enable, flag] = several ? [{ enable: from.load }, { reset: 0 }] : [{}, {}];
  const beyond = placesFrom(from.valid, matmulWidths(p).load).map((b, i) => b.named(`q_${i}_beyond`));
  const q = unpack(beat, p.numerics.activationBits).map((value, i) => {
    const none = m.constant(value.type, 0);
    if (!several) return m.delay(`q_${i}`, beyond[i]!.mux(none, value));
    // not kept, then cleared: Yosys makes a LUT of a reset that has to wait for an enable, for each flip-flop
    const kept = m.register(`q_${i}`, value.type);
    m.when(from.load, () => kept.next(value));
    m.when(from.load.and(beyond[i]!).named(`q_${i}_clears`), () => kept.next(none));
    return kept;
  });
  const { bank, token, column, chunk } = from;
  const place = m.delay('loaded', { bank, token, column, chunk }, enable);
  if (p.tokens === 1) m.unused(place.token);
  return {
    q,
    shift: m.delay('loaded_shift', shift, enable),
    load: m.delay('loaded', from.load, flag),
    complete: m.delay('loaded_vector', from.complete, flag),
    ...place,
  };
}

/**
 * [places] Whether a place is `end` or beyond. The halves of its number are compared once for all places that share them, and what is compared is the
 * reset as it is, not its complement: Yosys makes a carry chain of a longer comparison, and a LUT of its own for each flip-flop that a complement clears.
 */
function placesFrom(end: UInt, places: number): UInt[] {
  const bits = Math.floor(end.width / 2);
  if (bits === 0) return [end.not()];
  const [high, low] = [end.slice(end.width - 1, bits), end.slice(bits - 1, 0)];
  const size = 2 ** bits;
  const rest = Array.from({ length: Math.min(size - 1, places) }, (_, i) => atMost(low, i).named(`rest_ends_${i}`));
  return Array.from({ length: Math.ceil(places / size) }, (_, g) => {
    const here = high.eq(g).named(`ends_in_${g}`);
    const upTo = atMost(high, g).named(`ends_up_to_${g}`);
    const before = g === 0 ? undefined : atMost(high, g - 1).named(`ends_before_${g}`);
    const inGroup = rest.map((r) => before?.or(here.and(r)) ?? here.and(r));
    return [...inGroup, upTo].slice(0, places - g * size);
  }).flat();
}
