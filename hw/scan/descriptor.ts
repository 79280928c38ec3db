/** The descriptor of one token of one layer for the scan with its state on chip. */
import type { ScanShape } from '../../golden/fixed/index.ts';
import { isStochastic, rowFormat, type ScanParameters, storeSize } from './parameters.ts';

export interface ScanPlace {
  /** The place of layer and sequence among the states. */
  readonly slot: number;
  /** Of the model, and tokens since the state was cleared: 0 starts from a zero state. */
  readonly layer: number;
  readonly token: number;
}

/** A token as the core takes it. */
export const coreDescriptor = (shape: ScanShape, { layer, token }: ScanPlace, p: ScanParameters) => ({
  heads: shape.heads,
  heads_per_group: shape.heads / shape.groups,
  head_dim: shape.headDim,
  d_state: shape.dState,
  tiles: Math.ceil(shape.dState / p.lanes),
  ...(isStochastic(p) ? { layer, token } : {}),
});

/** And as the unit does, which has its state in it. */
export function scanDescriptor(shape: ScanShape, place: ScanPlace, p: ScanParameters) {
  const { words, rows } = storeSize(shape, p);
  const exponents = rowFormat(p) === undefined ? {} : { row_base: place.slot * rows, row_words: rows };
  const state = { state_base: place.slot * words, state_words: words };
  return { ...coreDescriptor(shape, place, p), token: place.token, ...state, ...exponents };
}
