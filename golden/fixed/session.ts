/** A fixed-point model that is running. */
import { convDim } from '../config.ts';
import type { FixedModel } from './model.ts';
import type { Clamped } from './projection.ts';
import { clearRows, type RowStates } from './scan-rows.ts';

/** What a sequence carries from token to token. */
export interface FixedState {
  /** Tokens since the state was cleared. */
  tokens: number;
  /** Seed of stochastic rounding. */
  seed: number;
  readonly layers: readonly FixedLayerState[];
}

export interface FixedLayerState {
  /** [dConv - 1, convDim], oldest first. */
  readonly conv: Int32Array;
  /** [heads * headDim * dState] with one static unit per head, or with row exponents. */
  readonly scan: Int32Array | RowStates;
}

export interface FixedSession {
  readonly model: FixedModel;
  readonly state: FixedState;
  /** Clamped results since the session was made, by format. */
  readonly clamped: Clamped;
}

/** Starts a model with cleared state. */
export function createFixedSession(model: FixedModel): FixedSession {
  return { model, state: clearedState(model), clamped: {} };
}

function clearedState({ config, numerics, shape }: FixedModel): FixedState {
  const { state } = numerics;
  const layers = Array.from({ length: config.nLayer }, () => ({
    conv: new Int32Array((config.dConv - 1) * convDim(config)),
    scan: state.kind === 'row' ? clearRows(shape, state) : new Int32Array(config.dInner * config.dState),
  }));
  return { tokens: 0, seed: state.kind === 'row' ? state.seed : 0, layers };
}

/** Forgets everything seen. */
export function resetFixed({ state }: FixedSession): void {
  state.tokens = 0;
  for (const array of arraysOf(state)) array.fill(0);
}

/** A copy that later steps do not touch: state, token counter and seed. */
export function saveFixed({ state }: FixedSession): FixedState {
  return structuredClone(state);
}

/** Continues from a saved state of the same model. */
export function restoreFixed({ state }: FixedSession, saved: FixedState): void {
  state.tokens = saved.tokens;
  state.seed = saved.seed;
  const from = arraysOf(saved);
  arraysOf(state).forEach((array, i) => {
    array.set(from[i]!);
  });
}

const arraysOf = (state: FixedState) =>
  state.layers.flatMap(({ conv, scan }) =>
    scan instanceof Int32Array ? [conv, scan] : [conv, scan.q, scan.exponents],
  );
