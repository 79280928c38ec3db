/** One row of the look-up engine: the entries of its tables added up, shifted by segment, and summed over weight planes and columns. */
import { type Design, defineModule, input, uint, unpack } from '../../../gen/index.ts';
import { sumOfSegments, sumUp } from '../accumulator.ts';
import { type LaneLatency, sumInterface } from '../lane.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths, tableColumns, ternaryCells } from '../parameters.ts';
import { shiftedLeft, shiftStages } from '../shift.ts';
import { type Bounded, levels, lowered, sumOfThrees } from '../ternary.ts';

/** Columns that are added up before a shift. */
const columnsPerShift = (p: MatmulParameters): number => (p.maxShift === 0 ? p.columns : p.segment);

/** From the weights: the entries, their sum, its shift, and with several segments one more stage. */
export function tableLaneLatency(p: MatmulParameters): LaneLatency {
  const columns = columnsPerShift(p);
  const shift = 1 + levels(columns / tableColumns);
  const plane = shift + shiftStages(p.maxShift) + (columns < p.columns ? 1 : 0);
  const partial = plane + (p.planes > 1 ? 1 : 0);
  return { sign: 0, pass: 0, shift, plane, partial, total: partial + 1 };
}

const ports = (columns: number, w: MatmulWidths) => ({
  entries: input(uint((columns / tableColumns) * w.entry), 'of the tables, the first columns in the low bits'),
  shift: input(uint(w.segments * w.shift), 'shift of every segment, the first in the low bits'),
  ...sumInterface(w),
});

/** Latency from `entries` to `total`: `tableLaneLatency`. */
export function tableLane(p: MatmulParameters): Design<ReturnType<typeof ports>> {
  const w = matmulWidths(p);
  const cells = ternaryCells(p);
  return defineModule(
    {
      name: `matmul_table_lane_k${p.columns}_s${columnsPerShift(p)}_a${w.activation}_w${p.planes}_e${p.maxShift}_u${w.sum}`,
      doc: `One row of the look-up engine: ${p.columns / tableColumns} entries per cycle, latency ${tableLaneLatency(p).total}.`,
      ports: ports(p.columns, w),
    },
    (m, io) => {
      const pipe = m.pipeline('lane', { enable: io.advance });
      const most = 2n ** BigInt(w.entry) - BigInt(tableColumns);
      const terms = unpack(pipe.enter(io.entries), w.entry).map(
        (entry, t): Bounded => ({ value: pipe.stage(`entry_${t}`, entry), most }),
      );
      const shifts = unpack(pipe.enter(io.shift, tableLaneLatency(p).shift), w.shift);
      if (p.maxShift === 0) m.unused(io.shift);
      const width = columnsPerShift(p) / tableColumns;
      const partials = Array.from({ length: terms.length / width }, (_, s) => {
        m.comment(`Segment ${s}: the sum of its entries.`);
        const all = sumOfThrees(m, pipe, terms.slice(s * width, (s + 1) * width), { name: `sum_${s}`, cells });
        const segment = lowered(all.value, width * 2 ** (w.entry - 1)).named(`segment_${s}`);
        return shiftedLeft(m, pipe, segment, shifts[s]!, p.maxShift, `shifted_${s}`);
      });
      sumUp(m, p, io, sumOfSegments(pipe, partials));
    },
  );
}
