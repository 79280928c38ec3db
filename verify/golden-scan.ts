/** golden's scan in any state format, token by token. */
import {
  clearRows,
  type RowStates,
  type Saturations,
  type ScanInput,
  type ScanShape,
  scanToken,
  scanTokenRows,
  tokenKey,
} from '../golden/fixed/index.ts';
import type { ScanParameters } from '../hw/index.ts';
import type { ScanJob } from './job.ts';

export type GoldenState = Int32Array | RowStates;

export interface GoldenScan {
  readonly state: GoldenState;
  /** The job of the next token of this layer. */
  next(input: ScanInput, label: Pick<ScanJob, 'group' | 'label'>): ScanJob;
}

/** The scan of one layer of one sequence, from a cleared state. */
export function goldenScan(
  shape: ScanShape,
  place: { readonly slot: number; readonly layer: number },
  p: Formats,
): GoldenScan {
  const { numerics, state: format } = p;
  const state =
    format.kind === 'row' ? clearRows(shape, format) : new Int32Array(shape.heads * shape.headDim * shape.dState);
  let token = 0;
  return {
    state,
    next: (input, label) => {
      const saturations: Saturations = { step: 0, state: 0, output: 0 };
      const expected =
        format.kind === 'row'
          ? scanTokenRows(
              shape,
              input,
              state as RowStates,
              tokenKey(format.seed, place.layer, token),
              numerics,
              format,
              saturations,
            )
          : scanToken(shape, input, state as Int32Array, numerics, saturations);
      return { ...label, shape, ...place, token: token++, input, expected, saturations };
    },
  };
}
type Formats = Pick<ScanParameters, 'numerics' | 'state'>;
