/**
 * The binary matmul array: R rows x K columns of weight bits per cycle over A activation planes and T vectors, or over A' of them in each of A / A' cycles. docs/matmul.md has the schedule.
 *
 *     desc --> loader ------------------------> walk ------------------------------.
 *     act ---> mask ---> buffer, 2 banks -----> T x R lanes --> sums, copied --> drain --> result, D per cycle
 *        '---> corrections - sum 2^s q ----------------------------------------^
 *     weight ---------------------------------------^
 */
import { bit, type Design, defineModule, unpack } from '../../gen/index.ts';
import { ROW_SHIFT } from '../../golden/fixed/index.ts';
import { takeActivations } from './activations.ts';
import { corrections, scalars } from './corrections.ts';
import { drain, drainStages } from './drain.ts';
import { latencyOf, popcountEngine, tableEngine } from './engines.ts';
import { flagAfter } from './flags.ts';
import { type MatmulInterface, matmulInterface } from './interface.ts';
import { loader } from './loader.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths } from './parameters.ts';
import { alongBeats, sumStore } from './sum-store.ts';
import { walk } from './walk.ts';

/**
 * y[o] = round(2^F sum_i w[o,i] 2^s[i] q[i] / 2^round) + bias, halves up: golden's `tiledProduct`. Initiation interval: one weight beat
 * per cycle, over the ends of tiles and matrices, while a tile's results leave in fewer cycles than its weights come and the next
 * matrix is loaded. Latency: see `matmulLatency`.
 */
export function matmulArray(p: MatmulParameters): Design<MatmulInterface> {
  const w = matmulWidths(p);
  return defineModule(
    {
      name: nameOf(p, w),
      doc: [
        `Binary matmul array: ${p.lanes} rows x ${p.columns} columns of weight bits per ${w.passes === 1 ? 'cycle' : `${w.passes} cycles`}, ${w.activation}-bit activations, ${p.tokens} vectors at once.`,
        `${formula(p)}, for matrices of up to ${p.maxRows} x ${p.maxColumns}.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        `Per matrix: one beat of desc; for each vector ceil(cols / ${w.load}) beats of act, and one of token with the last of them;`,
        `then for each tile of ${p.lanes} rows, for each group of ${p.columns} columns (column-major: for each group, for each tile), a beat of weight for`,
        `each plane, the highest first and, where planes are two's complement, inverted; then for each tile and vector ceil(rows / ${p.drain}) beats of result.`,
      ].join('\n'),
      ports: matmulInterface(p),
    },
    (m, io) => {
      const advance = m.wire('advance', bit);
      const released = m.wire('released_bank', bit);
      const room = m.wire('room', bit);
      const columnDone = m.wire('column_done', bit);
      const from = loader(m, io, p, { room, released });
      const loaded = takeActivations(m, io, p, from);
      const read = scalars(m, io, p, from, corrections(m, p, loaded, from.matrix));
      const open = p.engine === 'table' ? tableEngine : popcountEngine;
      const engine = open({ m, io, p, from, loaded, advance }, columnDone);
      room.drive(engine.room);
      const at = walk(m, io, p, advance, from, engine.supply);
      columnDone.drive(at.columnDone);

      m.comment('Lanes: weights wait one cycle for their activations.');
      const pipe = m.pipeline('beat', { enable: advance });
      const weights = unpack(pipe.stage('weight_q', pipe.enter(io.weight.payload.w)), p.columns);
      const latency = latencyOf(p);
      const along = alongBeats(pipe, at, latency);
      const store = sumStore(m, p, advance, along);
      const copy = store.keep(engine.lanes({ at, pipe, weights, along, stored: store.stored }));
      const flags = { enable: advance, flush: io.flush, shown: false };
      const done = flagAfter(m, 'tile_done', at.done, 1 + latency.total, flags);
      const out = drain(m, io, p, { done, copy }, from.matrix, read);
      m.comment('The pipeline stands while a tile waits for the one before to leave.');
      advance.drive(done.not().or(out.room));
      released.drive(out.released);
    },
  );
}

const formula = ({ numerics, rowScaleBits }: MatmulParameters): string => {
  const sum = `round(2^${numerics.resultFraction} sum_i w[o,i] 2^shift[i] q[i] / 2^round)`;
  return rowScaleBits === undefined
    ? `y[o] = ${sum} + bias`
    : `y[o] = round((scale[o] ${sum} + offset[o] bias) / 2^${ROW_SHIFT})`;
};

const nameOf = (p: MatmulParameters, w: MatmulWidths): string => {
  const planes = w.passes === 1 ? '' : `_p${w.planesAtOnce}`;
  const scaled = p.rowScaleBits === undefined ? '' : '_scaled';
  return `${p.engine === 'table' ? 'matmul_table' : 'matmul'}_r${p.lanes}_k${p.columns}_a${w.activation}${planes}_t${p.tokens}${scaled}`;
};

/** Cycles from a tile's last weight beat to the first of its results that can be taken, where nothing waits. */
export const matmulLatency = (p: MatmulParameters): number => 1 + latencyOf(p).total + drainStages(p) + 1;
