/** y of the scan, Q rows at a time, as elements head by head. */
import { atMost, bit, bitsFor, type Design, defineModule, lessBy, sink, source, uint } from '../../gen/index.ts';
import { elementsShape } from '../lanes/regroup.ts';
import { activationPorts } from '../scan/interface.ts';
import { type ScanParameters, scanWidths } from '../scan/parameters.ts';

export const collectTokenShape = (p: ScanParameters) => ({ head_dim: uint(scanWidths(p).headDim) });

const collectInterface = (p: ScanParameters) => ({
  token: sink(collectTokenShape(p), 'one token of one layer'),
  y: sink(activationPorts(p).y.shape, 'y of a row group, as the scan gives it'),
  out: source(elementsShape(p.numerics.outputBits, p.rows), 'the rows of a head that there are'),
});

/** Says which rows there are, and where heads end. Latency 0. */
export function collectUnit(p: ScanParameters): Design<ReturnType<typeof collectInterface>> {
  return defineModule(
    {
      name: `mixer_collect_q${p.rows}`,
      doc: `y of ${p.rows} rows, with the ends of heads.`,
      ports: collectInterface(p),
    },
    (m, io) => {
      const { head_dim } = io.token.payload;
      const { y, last } = io.y.payload;
      const begun = m.register('head_begun', bit, { reset: 0 });
      const moves = io.token.valid.and(io.y.valid).and(io.out.ready).named('moves');
      const left = m.register('rows_left', head_dim.type, { enable: moves });
      const rows = begun.mux(left, head_dim).named('rows');
      const end = atMost(rows, p.rows).named('head_end');
      left.next(lessBy(rows, p.rows));
      m.when(moves, () => begun.next(end.not()));
      m.assert('last_ends_a_head', moves.not().or(last.not()).or(end), 'a token ends with a head');
      io.token.ready.drive(moves.and(last));
      io.y.ready.drive(io.token.valid.and(io.out.ready));
      io.out.valid.drive(io.token.valid.and(io.y.valid));
      const bits = bitsFor(BigInt(p.rows));
      const rest = bits <= rows.width ? rows.trunc(bits) : rows.ext(bits);
      io.out.payload.drive({ values: y, count: end.mux(rest, p.rows).named('count'), end });
    },
  );
}
