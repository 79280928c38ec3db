/** y of the scan, Q rows at a time, as elements head by head. */
import { bitsFor, type Design, defineModule, sink, source, uint } from '../../gen/index.ts';
import { elementsShape } from '../lanes/regroup.ts';
import { activationPorts } from '../scan/interface.ts';
import { type ScanParameters, scanWidths } from '../scan/parameters.ts';
import { walkRows } from '../scan/walk.ts';

export const collectTokenShape = (p: ScanParameters) => {
  const w = scanWidths(p);
  return { heads: uint(w.heads), head_dim: uint(w.headDim) };
};

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
      const walk = walkRows(m, io.token, p.rows, io.y.valid.and(io.out.ready));
      m.unused(io.y.payload.last, walk.take, walk.tokenDone);
      io.out.valid.drive(walk.busy.and(io.y.valid));
      io.y.ready.drive(walk.busy.and(io.out.ready));
      const bits = bitsFor(BigInt(p.rows));
      const { rowsLeft } = walk;
      const rest = bits <= rowsLeft.width ? rowsLeft.trunc(bits) : rowsLeft.ext(bits);
      const count = walk.headDone.mux(rest, p.rows).named('count');
      io.out.payload.drive({ values: io.y.payload.y, count, end: walk.headDone });
    },
  );
}
