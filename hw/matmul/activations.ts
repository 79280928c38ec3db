/** Activations as they are taken, and which of them the walk may take. */
import { type Inside, type ModuleBuilder, type UInt, unpack } from '../../gen/index.ts';
import type { MatmulInterface } from './interface.ts';
import type { Loader } from './loader.ts';
import type { MatmulParameters } from './parameters.ts';

/** Activations that were taken, one cycle later; those beyond the matrix are zero. */
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
  const enable = from.load;
  const q = unpack(beat, p.numerics.activationBits).map((value, i) =>
    m.delay(`q_${i}`, from.valid.gt(i).named(`q_${i}_valid`).mux(value, 0), { enable }),
  );
  const { bank, token, column, chunk } = from;
  const place = m.delay('loaded', { bank, token, column, chunk }, { enable });
  if (p.tokens === 1) m.unused(place.token);
  return {
    q,
    shift: m.delay('loaded_shift', shift, { enable }),
    load: m.delay('loaded', from.load, { reset: 0 }),
    complete: m.delay('loaded_vector', from.complete, { reset: 0 }),
    ...place,
  };
}
