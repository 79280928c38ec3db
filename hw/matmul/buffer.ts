/** The activation buffer: one vector, K activations a word, stored as bit planes, read again for every tile of rows. */
import { type ModuleBuilder, pack, type SInt, sint, sum, type UInt, uint, unpack } from '../../gen/index.ts';
import type { Control } from './control.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

/**
 * `planes`: bit planes of the K activations at `c.column`, one cycle later, held while the pipeline stands. `sum`: sum of
 * all activations loaded, 2 cycles after the last. Columns beyond the matrix count as zero.
 */
export function activationBuffer(
  m: ModuleBuilder,
  beat: UInt,
  p: MatmulParameters,
  c: Control,
): { readonly planes: UInt; readonly sum: SInt } {
  const w = matmulWidths(p);
  m.comment('Activations: columns beyond the matrix become zero.');
  const masked = unpack(beat, w.activation).map((q, i) => c.valid.gt(i).mux(q, 0).named(`q_${i}`));
  const planes = Array.from({ length: w.activation }, (_, b) => pack(masked.map((q) => q.bit(b))).named(`plane_${b}`));
  const buffer = m.memory('activations', { depth: w.depth, shape: uint(p.columns * w.activation) });
  buffer.write({ address: c.column, data: pack(planes).named('planes_in'), enable: c.load });

  m.comment('Their sum: the sign identity is sum s q = 2 sum w q - sum q.');
  const beatSum = m.delay(
    'beat_sum',
    sum(
      masked.map((q) => q.asSigned()),
      'q_sum',
    ),
  );
  const arrived = m.delay('beat_arrived', c.load, { reset: 0 });
  const fresh = m.delay('beat_first', c.column.eq(0));
  const total = m.register('activation_sum', sint(w.sum), { enable: arrived });
  const next = fresh.mux(m.constant(total.type, 0), total).add(beatSum).named('next_activation_sum');
  total.next(next.width > w.sum ? next.trunc(w.sum) : next.ext(w.sum));
  return { planes: buffer.read('planes', c.column, { enable: c.advance }), sum: total };
}
