/** y of the scan, Q rows at a time, as elements head by head. */
import { bitsFor, type Design, defineModule, sink, source, uint } from '../../gen/index.ts';
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
      const done = m.register('rows_done', head_dim.type, { reset: 0 });
      const reached = done.add(p.rows).named('rows_reached');
      const end = reached.ge(head_dim.ext(reached.width)).named('head_end');
      const moves = io.token.valid.and(io.y.valid).and(io.out.ready).named('moves');
      m.when(moves, () => done.next(end.mux(m.constant(done.type, 0), reached.trunc(done.width))));
      m.assert('last_ends_a_head', moves.not().or(last.not()).or(end), 'a token ends with a head');
      io.token.ready.drive(moves.and(last));
      io.y.ready.drive(io.token.valid.and(io.out.ready));
      io.out.valid.drive(io.token.valid.and(io.y.valid));
      const left = head_dim.sub(done).trunc(done.width).asUnsigned();
      const bits = bitsFor(BigInt(p.rows));
      const rest = bits <= left.width ? left.trunc(bits) : left.ext(bits);
      io.out.payload.drive({ values: y, count: end.mux(rest, p.rows).named('count'), end });
    },
  );
}
