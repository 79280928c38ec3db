/**
 * The residual stream plus a projection's results, each group of which has a 1/rms of its own.
 *
 *     product, scale --> y mantissa / 2^shift --> + <-------.
 *                                                 |---> partial sums of the groups so far
 *                                  residual ----> + --> out
 */
import {
  bit,
  bitsFor,
  type Design,
  defineModule,
  increment,
  output,
  pack,
  type SInt,
  sink,
  sint,
  source,
  uint,
  unpack,
} from '../../gen/index.ts';
import { fifo, registerSlice, through } from '../../gen/stream/index.ts';
import { clampCounter, counting } from '../lanes/counters.ts';
import { keep } from '../lanes/rounding.ts';
import { type Bounds, checkBounds } from '../problem.ts';
import { resized } from '../width.ts';
import { scaleShape } from './parameters.ts';
import { scaleAmount, scaledBy } from './scale.ts';

export interface ResidualParameters {
  /** P: values per cycle. */
  readonly lanes: number;
  /** Most rows of the projection, and groups of its columns. */
  readonly maxRows: number;
  readonly maxGroups: number;
  /** Bits of a result of the matmul array, and of the residual stream. */
  readonly resultBits: number;
  readonly residualBits: number;
}

const bounds: Bounds = {
  lanes: [1, 64],
  maxRows: [1, 2 ** 20],
  maxGroups: [1, 2 ** 12],
  resultBits: [2, 44],
  residualBits: [2, 48],
};

const residualInterface = (p: ResidualParameters) => ({
  token: sink(
    { rows: uint(bitsFor(BigInt(p.maxRows))), groups: uint(bitsFor(BigInt(p.maxGroups))), shift: sint(8) },
    'one vector: rows; groups; results count 2^-(16 + shift + shift of the scale) units of the residual stream before 1/rms',
  ),
  product: sink(
    uint(p.lanes * p.resultBits),
    `${p.lanes} results of ${p.resultBits} bits, the first in the low bits; group by group, row by row`,
  ),
  scale: sink(scaleShape, 'of a group: 1/rms'),
  residual: sink(uint(p.lanes * p.residualBits), `${p.lanes} values of ${p.residualBits} bits, with the last group`),
  out: source(
    { values: uint(p.lanes * p.residualBits), count: uint(bitsFor(BigInt(p.lanes))), last: bit },
    'the sums; count: how many count; last: of the vector',
  ),
  saturations: output({ residual: uint(32) }, 'values clamped since reset, modulo 2^32'),
});
export type ResidualInterface = ReturnType<typeof residualInterface>;

/** residual + sum_g round(y_g / rms_g), saturated: golden's `multiply` and the addition of its `stepFixed`. A beat per cycle. */
export function residualUnit(p: ResidualParameters): Design<ResidualInterface> {
  checkBounds('residual', p, bounds);
  const words = Math.ceil(p.maxRows / p.lanes);
  return defineModule(
    {
      name: `residual_p${p.lanes}_r${p.maxRows}_g${p.maxGroups}`,
      doc: `Adds a projection's results, scaled by 1/rms of each of up to ${p.maxGroups} groups, to the residual stream.`,
      ports: residualInterface(p),
    },
    (m, io) => {
      m.comment('Issue: a beat of results, with the 1/rms of its group.');
      const { rows, groups, shift } = io.token.payload;
      const advance = m.wire('advance', bit);
      const known = io.token.valid.and(io.scale.valid).named('known');
      const issue = known.and(io.product.valid).and(advance).named('issue');
      io.product.ready.drive(known.and(advance));
      const done = m.register('rows_done', rows.type, { reset: 0 });
      const group = m.register('group', groups.type, { reset: 0 });
      const reached = done.add(p.lanes).named('rows_reached');
      const groupEnd = reached.ge(rows.ext(reached.width)).named('group_end');
      const lastGroup = increment(group).eq(groups).named('last_group');
      const last = groupEnd.and(lastGroup).named('last');
      m.when(issue, () => {
        done.next(groupEnd.mux(m.constant(done.type, 0), reached.trunc(done.width)));
        m.when(groupEnd, () => group.next(lastGroup.mux(m.constant(group.type, 0), increment(group))));
      });
      io.scale.ready.drive(issue.and(groupEnd));
      io.token.ready.drive(issue.and(last));
      const countType = io.out.payload.count.type;
      const rest = resized(rows.sub(done).trunc(rows.width).asUnsigned(), countType.width);
      const count = groupEnd.mux(rest, p.lanes).named('count');

      m.comment('1/rms.');
      const pipe = m.pipeline('beat', { enable: advance });
      const amount = pipe.enter(scaleAmount(m, shift, io.scale.payload.shift, issue).named('amount'));
      const scale = { mantissa: pipe.enter(io.scale.payload.mantissa), amount };
      const terms = unpack(pipe.enter(io.product.payload), p.resultBits).map((y, i) =>
        scaledBy(m, pipe, `y_${i}`, y.asSigned(), scale),
      );
      const at = pipe.latency(terms[0]!);
      const valid = pipe.at(pipe.flag(issue), at);
      const flags = pipe.at(pipe.enter({ first: group.eq(0), lastGroup, count, last }), at);

      m.comment('Sums of the groups so far come back in the order in which they went.');
      const bits = terms[0]!.width + bitsFor(BigInt(p.maxGroups)) - 1;
      const partial =
        p.maxGroups === 1
          ? undefined
          : m.instance('partial', fifo(uint(p.lanes * bits), { depth: words + 1, style: 'block', counted: true }));
      if (partial === undefined) m.unused(flags.first);
      const before =
        partial && unpack(partial.out.payload, bits).map((v) => flags.first.mux(m.constant(v.type, 0), v).asSigned());
      const sums = terms.map(
        (term, i): SInt => (before === undefined ? term : term.add(before[i]!).trunc(bits).named(`sum_${i}`)),
      );
      const ready = m.wire('out_ready', bit);
      const summed = partial === undefined ? m.constant(bit, 1) : flags.first.or(partial.out.valid).named('summed');
      const leaves = io.residual.valid.and(ready).named('leaves');
      const goes = flags.lastGroup.not().or(leaves).and(summed).named('goes');
      advance.drive(valid.not().or(goes));
      const moves = valid.and(goes).named('moves');
      if (partial !== undefined) {
        m.unused(partial.count, partial.in.ready);
        partial.in.valid.drive(valid.and(summed).and(flags.lastGroup.not()));
        partial.in.payload.drive(pack(sums));
        partial.out.ready.drive(moves.and(flags.first.not()));
      }

      m.comment('The residual stream.');
      const offered = valid.and(summed).and(flags.lastGroup).named('offered');
      io.residual.ready.drive(offered.and(ready));
      const added = unpack(io.residual.payload, p.residualBits).map((r, i) =>
        keep(m, r.asSigned().add(sums[i]!).named(`added_${i}`), p.residualBits, `residual_${i}`),
      );
      const { count: counted, last: ended } = flags;
      const payload = { values: pack(added.map((a) => a.value)), count: counted, last: ended };
      const out = through(m, 'out', registerSlice(sumsShape(p)), {
        valid: offered.and(io.residual.valid),
        ready,
        payload,
      });
      io.out.valid.drive(out.valid);
      out.ready.drive(io.out.ready);
      io.out.payload.drive(out.payload);
      const clamped = counting(
        added.map((a) => a.clamped),
        counted,
      );
      io.saturations.residual.drive(clampCounter(m, 'residual', clamped, moves.and(flags.lastGroup)));
    },
  );
}

const sumsShape = (p: ResidualParameters) => residualInterface(p).out.shape;
