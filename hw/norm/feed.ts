/** Activations as the norm gives them, P at a time, to the beats of C columns that the matmul array takes. */
import { bit, bitsFor, cat, type Design, defineModule, pack, sink, source, uint, unpack } from '../../gen/index.ts';
import { regrouped } from '../lanes/regroup.ts';

export interface FeedParameters {
  /** P: activations of a beat that is taken. */
  readonly lanes: number;
  /** C: columns of a beat that is given. */
  readonly columns: number;
  /** S: columns that share a shift; divides C, or is a multiple of it. */
  readonly segment: number;
  readonly activationBits: number;
  readonly shiftBits: number;
  /** Beats inside a matrix may be short. */
  readonly ragged: boolean;
}

/** Columns as the matmul array takes them: `MatmulInterface.act`. */
export const activationsShape = ({ columns, segment, activationBits, shiftBits }: FeedParameters) => ({
  q: uint(columns * activationBits),
  shift: uint(Math.max(1, columns / segment) * shiftBits),
});

const feedInterface = (p: FeedParameters) => ({
  in: sink(
    {
      values: uint(p.lanes * p.activationBits),
      shift: uint(p.shiftBits),
      count: uint(bitsFor(BigInt(p.lanes))),
      end: bit,
    },
    `${p.lanes} activations with one shift; count: how many count; end: of a matrix`,
  ),
  act: source(
    activationsShape(p),
    `${p.columns} activations; shift: of every ${Math.min(p.segment, p.columns)} of them; beyond the matrix undefined`,
  ),
});

/** Every activation carries its shift; a segment takes that of its first. Beats inside a matrix that are not full are made full. */
export function feedUnit(p: FeedParameters): Design<ReturnType<typeof feedInterface>> {
  const { lanes, columns, segment, activationBits, shiftBits } = p;
  return defineModule(
    {
      name: `norm_feed_${lanes}_to_${columns}`,
      doc: `Activations, ${lanes} per cycle, to beats of ${columns} columns.`,
      ports: feedInterface(p),
    },
    (m, io) => {
      const { values, shift, count, end } = io.in.payload;
      const bits = activationBits + shiftBits;
      const elements = { values: pack(unpack(values, activationBits).map((q) => cat(shift, q))), count, end };
      const wide = regrouped(
        m,
        'regroup',
        { bits, from: lanes, to: columns, ragged: p.ragged },
        { valid: io.in.valid, ready: io.in.ready, payload: elements },
      );
      io.act.valid.drive(wide.valid);
      wide.ready.drive(io.act.ready);
      m.unused(wide.payload.count, wide.payload.end);
      const all = unpack(wide.payload.values, bits);
      io.act.payload.drive({
        q: pack(all.map((e) => e.trunc(activationBits))),
        shift: pack(all.filter((_, i) => i % segment === 0).map((e) => e.slice(bits - 1, activationBits))),
      });
    },
  );
}
