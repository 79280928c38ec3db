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

export interface SequencePlace {
  readonly slot: number;
  readonly layer: number;
  /** Numbers of tokens left out behind the first: noise depends on all 32 bits of a token's. */
  readonly skipped?: number;
}

/** The scan of one layer of one sequence, from a cleared state. */
export function goldenScan(shape: ScanShape, { slot, layer, skipped = 0 }: SequencePlace, p: Formats): GoldenScan {
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
              tokenKey(format.seed, layer, token),
              numerics,
              format,
              saturations,
            )
          : scanToken(shape, input, state as Int32Array, numerics, saturations);
      const job = { ...label, shape, slot, layer, token, input, expected, saturations };
      token += token === 0 ? 1 + skipped : 1;
      return job;
    },
  };
}
type Formats = Pick<ScanParameters, 'numerics' | 'state'>;
