/** What a row of a token needs before its beats: dt x in the form in which it multiplies B, and D x. */
import {
  bit,
  bitsFor,
  type Design,
  defineModule,
  lessBy,
  pack,
  roundShift,
  sink,
  sint,
  source,
  uint,
  unpack,
  vector,
} from '../../gen/index.ts';
import { counted } from '../lanes/counters.ts';
import { resized } from '../width.ts';
import { formatOf } from './format.ts';
import { headShape, preparedTokenShape } from './interface.ts';
import { directBits, fieldsIf, productStyle, type ScanParameters, scanWidths } from './parameters.ts';
import { factorOf } from './product.ts';
import { walkRows } from './walk.ts';

/** One row group: what its rows share, and what they do not. */
export const preparedShape = (p: ScanParameters) => {
  const { stepBits, coarseBits, clampsSteps } = formatOf(p);
  return {
    decay: uint(p.numerics.decayFraction + 1),
    output_shift: uint(p.numerics.shiftBits),
    tiles: uint(scanWidths(p).tiles),
    group_done: bit,
    token_done: bit,
    step: vector({ value: sint(stepBits), coarse: uint(coarseBits) }, p.rows),
    direct: vector(sint(directBits(p)), p.rows),
    ...fieldsIf(clampsSteps, () => ({ clamped: uint(bitsFor(BigInt(p.rows))) })),
  };
};

const prepareInterface = (p: ScanParameters) => ({
  token: sink(preparedTokenShape(p), 'one token of one layer'),
  head: sink(headShape(p), 'one head'),
  x: sink(uint(p.rows * p.numerics.inputBits), 'x of a row group'),
  rows: source(preparedShape(p), 'one row group; clamped: how many of its steps did not fit, where they may not'),
});

export interface PrepareUnit {
  readonly design: Design<ReturnType<typeof prepareInterface>>;
  /** Cycles from x to its row. */
  readonly latency: number;
}

/** One row group per cycle. */
export function prepareRows(p: ScanParameters): PrepareUnit {
  let latency = 0;
  const { numerics: f } = p;
  const format = formatOf(p);
  const design = defineModule(
    {
      name: `scan_prepare_q${p.rows}_s${scanWidths(p).code}`,
      doc: `dt x and D x of ${p.rows} rows per cycle, and where they are in the token.`,
      ports: prepareInterface(p),
    },
    (m, io) => {
      const advance = io.rows.ready.or(io.rows.valid.not()).named('advance');
      const supplied = io.head.valid.and(io.x.valid).named('supplied');
      const walk = walkRows(m, io.token, p.rows, supplied.and(advance));
      const tiles = m.delay('tiles', io.token.payload.tiles, { enable: walk.take });
      const perGroup = m.delay('heads_per_group', io.token.payload.heads_per_group, { enable: walk.take });
      const groupLeft = m.register('heads_of_group_left', perGroup.type);
      const groupDone = walk.headDone.and(groupLeft.eq(1)).named('group_done');
      const fewer = groupDone.mux(perGroup, lessBy(groupLeft, 1));
      groupLeft.next(
        walk.take.mux(io.token.payload.heads_per_group, walk.step.and(walk.headDone).mux(fewer, groupLeft)),
      );
      io.x.ready.drive(walk.step);
      io.head.ready.drive(walk.step.and(walk.headDone));

      m.comment('Rows beyond the head count as zero: their state stays zero.');
      const pipe = m.pipeline('prepare', { enable: advance });
      const { decay, dt, direct, step_shift, output_shift } = io.head.payload;
      const head = pipe.enter({ dt: dt.toSigned(), direct, step_shift });
      const steps = factorOf(m, pipe, productStyle(p), head.dt, 'dt');
      const directs = factorOf(m, pipe, productStyle(p), head.direct, 'direct');
      const rows = unpack(io.x.payload, f.inputBits).map((value, q) => {
        const x = pipe.enter(counted(m, value, q, walk.rowsLeft).asSigned().named(`x_${q}`));
        // dt is not negative: its sign adds no bit
        const product = steps.times(x, `dt_x_${q}`, { bits: f.dtBits + f.inputBits });
        const dx = directs.times(x, `d_x_${q}`);
        const shift = pipe.at(head.step_shift, pipe.latency(product));
        const step = format.prepare(m, pipe, product, shift, `step_${q}`);
        return {
          step,
          direct: pipe.stage(`direct_${q}`, resized(roundShift(dx, f.directFraction, 'half-up'), directBits(p))),
        };
      });
      latency = pipe.latency(rows[0]!.step.value);
      const shared = pipe.enter({
        decay,
        output_shift,
        tiles,
        group_done: groupDone,
        token_done: walk.tokenDone,
      });
      io.rows.payload.drive({
        ...pipe.at(shared, latency),
        step: rows.map(({ step }) => ({ value: step.value, coarse: step.coarse })),
        direct: rows.map((r) => pipe.at(r.direct, latency)),
        ...fieldsIf(format.clampsSteps, () => ({ clamped: pack(rows.map((r) => r.step.clamped!)).popcount() })),
      });
      io.rows.valid.drive(pipe.at(pipe.flag(walk.step), latency));
    },
  );
  return { design, latency };
}
