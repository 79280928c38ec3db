/** Scales of rows, for weights with a scale and a bias per row (pattern "row", MODEL.md 2; matrices of several bits). */
import { type Design, defineModule, pack, roundShift, sink, source, uint, unpack } from '../../gen/index.ts';
import { ROW_SHIFT } from '../../golden/fixed/index.ts';
import { flagAfter, select } from './flags.ts';
import { matmulInterface } from './interface.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

/** Bits of a scaled result. */
export const scaledBits = (p: MatmulParameters, factorBits: number): number => {
  const { result, bias } = matmulWidths(p);
  return factorBits + Math.max(result, bias) + 2 - ROW_SHIFT;
};

const ports = (p: MatmulParameters, factorBits: number) => {
  const { bias } = matmulWidths(p);
  const result = matmulInterface(p).result.shape;
  return {
    result: sink(result, 'of the array'),
    factor: sink(
      { scale: uint(p.drain * factorBits), offset: uint(p.drain * factorBits) },
      `with every beat of results, ${factorBits} bits for each of its rows: scale and factor of the sum of x`,
    ),
    bias: sink(
      { bias: uint(p.tokens * bias) },
      'with the last results of a matrix: the sum of x of each vector, bias of the array',
    ),
    out: source(
      { ...result, y: uint(p.drain * scaledBits(p, factorBits)) },
      `y = round((scale y + offset bias) / 2^${ROW_SHIFT}), halves up; the rest as it came`,
    ),
  };
};

/** Golden's `scaleRow` on D results per cycle. Latency 3, two multiplications each. */
export function rowScale(p: MatmulParameters, factorBits: number): Design<ReturnType<typeof ports>> {
  const w = matmulWidths(p);
  const doc = `Scales ${p.drain} results per cycle by factors of ${factorBits} bits per row, and adds their share of the sum of x.`;
  const name = `matmul_row_scale_d${p.drain}_t${p.tokens}_b${factorBits}`;
  return defineModule({ name, doc, ports: ports(p, factorBits) }, (m, { result, factor, bias, out }) => {
    const move = out.ready.or(out.valid.not()).named('move');
    const all = result.valid.and(factor.valid).and(bias.valid).named('offered');
    const take = all.and(move).named('take');
    result.ready.drive(take);
    factor.ready.drive(take);
    bias.ready.drive(take.and(result.payload.last));
    const pipe = m.pipeline('scale', { enable: move });
    const { y, rows, token, last } = result.payload;
    const of = select(
      unpack(bias.payload.bias, w.bias).map((b) => b.asSigned()),
      token,
    );
    const sum = pipe.stage('sum_of_x', pipe.enter(of));
    const given = (word: typeof y, name: string) =>
      unpack(word, word.width / p.drain).map((v, d) => pipe.stage(`${name}_${d}`, pipe.enter(v.asSigned())));
    const values = given(y, 'value');
    const scales = given(factor.payload.scale, 'scale');
    const offsets = given(factor.payload.offset, 'offset');
    const bits = scaledBits(p, factorBits);
    const scaled = values.map((value, d) => {
      const product = pipe.stage(`product_${d}`, value.mul(scales[d]!));
      const share = pipe.stage(`share_${d}`, sum.mul(offsets[d]!));
      const rounded = roundShift(product.add(share).named(`sum_${d}`), ROW_SHIFT, 'half-up').named(`rounded_${d}`);
      return pipe.stage(`scaled_${d}`, rounded.width > bits ? rounded.trunc(bits) : rounded.ext(bits));
    });
    const stages = 3;
    out.payload.y.drive(pack(scaled));
    for (const [name, value] of Object.entries({ rows, token, last }))
      out.payload[name as 'rows'].drive(pipe.at(pipe.enter(value), stages));
    const never = m.constant(uint(1), 0);
    out.valid.drive(flagAfter(m, 'out', all, stages, { enable: move, flush: never, shown: true }));
  });
}
