/** golden's scan as the words of the streams. */
import type { RowState, RowStates, ScanShape } from '../golden/fixed/index.ts';
import { type ScanParameters, scanWidths } from '../hw/index.ts';
import type { ScanJob } from './job.ts';
import { joinFields } from './words.ts';

/** The state and the exponents of a layer. */
export function stateWords(
  shape: ScanShape,
  { q, exponents }: RowStates,
  p: ScanParameters,
): { state: bigint[]; exponent: bigint[] } {
  const state: bigint[] = [];
  const exponent: bigint[] = [];
  for (let h = 0; h < shape.heads; h++) {
    for (let first = 0; first < shape.headDim; first += p.rows) {
      const rows = Array.from({ length: p.rows }, (_, i) =>
        first + i < shape.headDim ? h * shape.headDim + first + i : -1,
      );
      exponent.push(
        joinFields(
          rows.map((r) => (r < 0 ? 0 : exponents[r]!)),
          scanWidths(p).exponent,
        ),
      );
      for (let n = 0; n < shape.dState; n += p.lanes) {
        const element = (r: number, i: number): number =>
          r < 0 || n + i >= shape.dState ? 0 : q[r * shape.dState + n + i]!;
        const lanes = rows.flatMap((r) => Array.from({ length: p.lanes }, (_, i) => element(r, i)));
        state.push(joinFields(lanes, (p.state as RowState).bits));
      }
    }
  }
  return { state, exponent };
}

/** What the beats of y hold: the rows of a group, 0 beyond the head. */
export const yWords = (jobs: readonly ScanJob[], p: ScanParameters): number[][] =>
  jobs.flatMap(({ shape, expected }) =>
    Array.from({ length: shape.heads * Math.ceil(shape.headDim / p.rows) }, (_, g) => {
      const groups = Math.ceil(shape.headDim / p.rows);
      const [h, first] = [Math.floor(g / groups), (g % groups) * p.rows];
      return Array.from({ length: p.rows }, (_, i) =>
        first + i < shape.headDim ? expected[h * shape.headDim + first + i]! : 0,
      );
    }),
  );
