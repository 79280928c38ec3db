/** Activations as they are taken, and which of them the walk may take. */
import { type Inside, type ModuleBuilder, type UInt, unpack } from '../../gen/index.ts';
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
  const q = unpack(beat, p.numerics.activationBits).map((value, i) =>
    m.delay(`q_${i}`, from.valid.gt(i).named(`q_${i}_valid`).mux(value, 0), enable),
  );
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
