/**
 * The binary matmul array: R rows x K columns per cycle over A activation planes.
 *
 *     descriptor --> control ----------------------------------------------.
 *     activations --> mask --> buffer (K activations a word) --> planes --.|
 *     weights ------------------------------------------------> R lanes --+--> correction --> results
 *
 * For each matrix: one descriptor; ceil(cols / K) beats of activations, kept for all rows; then, for each tile of R rows,
 * ceil(cols / K) beats of weights; each tile gives one beat of results. Activations of columns beyond the matrix are
 * masked; results of rows beyond it are undefined, and `rows` tells how many are valid.
 */
import { bit, type Design, defineModule, pack, sink, sint, source, uint, unpack } from '../../gen/index.ts';
import { activationBuffer } from './buffer.ts';
import { control } from './control.ts';
import { lane } from './lane.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

export const matmulInterface = (p: MatmulParameters) => {
  const w = matmulWidths(p);
  const fraction = p.numerics.resultFraction;
  return {
    desc: sink(
      { rows: uint(w.rowCount), cols: uint(w.columnCount), bias: sint(w.bias) },
      `one matrix: rows and columns (1 or more), and the bias of every result in units of 2^-${fraction}`,
    ),
    act: sink(
      { q: uint(p.columns * w.activation) },
      `${p.columns} activations of ${w.activation} bits, the first in the low bits`,
    ),
    weight: sink(
      { w: uint(p.lanes * p.columns) },
      `signs of ${p.lanes} rows x ${p.columns} columns, the first row in the low bits`,
    ),
    result: source(
      { y: uint(p.lanes * w.result), rows: uint(w.laneCount), last: bit },
      `${p.lanes} results of ${w.result} bits, two's complement, the first row in the low bits; rows: how many are valid, the others are undefined`,
    ),
  };
};

export type MatmulInterface = ReturnType<typeof matmulInterface>;

/**
 * y[o] = 2^F sum_i s[o,i] q[i] + bias: golden's `binaryMatmul`. Initiation interval: one weight beat per cycle while the
 * results are taken. Latency: 5 cycles from the last weight beat of a tile to its results. A matrix starts when the results
 * of the one before have been taken.
 */
export function matmulArray(p: MatmulParameters): Design<MatmulInterface> {
  const w = matmulWidths(p);
  const fraction = p.numerics.resultFraction;
  return defineModule(
    {
      name: `matmul_r${p.lanes}_k${p.columns}_a${w.activation}`,
      doc: [
        `Binary matmul array: ${p.lanes} rows x ${p.columns} columns per cycle, ${w.activation}-bit activations.`,
        `y[o] = 2^${fraction} sum_i s[o,i] q[i] + bias, for matrices of up to ${p.maxRows} x ${p.maxColumns}.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        `Per matrix: one beat of desc; ceil(cols / ${p.columns}) beats of act; then for each tile of ${p.lanes} rows ceil(cols / ${p.columns})`,
        'beats of weight, which give one beat of result, 5 cycles after the last of them.',
      ].join('\n'),
      ports: matmulInterface(p),
    },
    (m, io) => {
      const c = control(m, io, p);
      const { planes, sum } = activationBuffer(m, io.act.payload.q, p, c);

      m.comment('Lanes: weights wait one cycle for their activations.');
      const weights = m.delay('weight_q', io.weight.payload.w, { enable: c.advance });
      const row = lane(p);
      const totals = unpack(weights, p.columns).map((signs, r) => {
        const at = m.instance(`lane_${r}`, row);
        at.advance.drive(c.advance);
        at.weight.drive(signs);
        at.planes.drive(planes);
        at.take.drive(c.take);
        at.first.drive(c.first);
        return at.total;
      });

      m.comment('Results: 2 P - sum q in units of the result, plus the bias; one correction for all lanes.');
      const correction = m.delay('correction', c.bias.sub(sum.shl(fraction)).named('next_correction'));
      const y = totals.map((total, r) => {
        const exact = total
          .shl(fraction + 1)
          .named(`doubled_${r}`)
          .add(correction)
          .named(`corrected_${r}`);
        return m.delay(`result_${r}`, exact.trunc(w.result), { enable: c.advance });
      });
      io.result.payload.y.drive(pack(y));
      io.result.payload.rows.drive(m.delay('result_rows', c.tile.rows, { enable: c.advance }));
      io.result.payload.last.drive(m.delay('result_last', c.tile.last, { enable: c.advance }));
      io.result.valid.drive(m.delay('result_valid_q', c.tile.done, { enable: c.advance, reset: 0 }));
    },
  );
}
