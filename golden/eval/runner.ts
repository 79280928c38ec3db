import type { Calibration } from '../fixed/calibration.ts';
import { createFastSession, fastFormats } from '../fixed/fast/session.ts';
import { stepFixed } from '../fixed/forward.ts';
import { type FixedModel, fixModel } from '../fixed/model.ts';
import type { Numerics } from '../fixed/numerics.ts';
import type { Clamped } from '../fixed/projection.ts';
import { createFixedSession, resetFixed } from '../fixed/session.ts';
import { prefill } from '../float/forward.ts';
import type { Kernels } from '../float/kernels.ts';
import { createSession, resetState, type Session } from '../float/session.ts';
import { createSimdKernels } from '../float/simd.ts';
import type { Model } from '../model.ts';

/** A model in any precision, one sequence at a time. */
export interface Runner {
  readonly vocabSize: number;
  /** Forgets everything seen. */
  reset(): void;
  /** Runs tokens and shows the logits after each, in spans [steps, vocabSize] that are valid during the call. */
  run(tokens: ArrayLike<number>, show: (logits: Float32Array, position: number, steps: number) => void): void;
  /** Results that did not fit their formats, since the runner was made. */
  clamped(): Clamped;
}

/** Number formats of the fixed-point model, and the ranges that its units follow from. */
export interface FixedChoice {
  readonly calibration: Calibration;
  readonly numerics: Numerics;
}

/** A model that is ready to run in the precision asked for; `kernels` are those of floating point. */
export function createRunner(
  { model, fixed }: { readonly model: Model; readonly fixed: FixedChoice | undefined },
  kernels: Kernels = createSimdKernels(),
): Runner {
  if (fixed === undefined) return floatRunner(createSession(model, { kernels }));
  return fixedRunner(fixModel(model, fixed.calibration, fixed.numerics));
}

export function floatRunner(session: Session): Runner {
  return {
    vocabSize: session.model.config.vocabSize,
    reset: () => resetState(session),
    run(tokens, show) {
      const start = session.state.position;
      prefill(session, [tokens], { logits: ({ position, steps, values }) => show(values, position - start, steps) });
    },
    clamped: () => ({}),
  };
}

/** The fast kernels where they can run the formats, otherwise the plain specification: the same bits. */
export function fixedRunner(model: FixedModel): Runner {
  const { vocabSize } = model.config;
  const unit = 2 ** -model.numerics.head.logitFraction;
  const { step, reset, clamped } = fastFormats(model) ? createFastSession(model) : plainSession(model);
  const logits = new Float32Array(vocabSize);
  return {
    vocabSize,
    reset,
    run(tokens, show) {
      for (let t = 0; t < tokens.length; t++) {
        const integers = step(tokens[t]!);
        for (let i = 0; i < vocabSize; i++) logits[i] = integers[i]! * unit;
        show(logits, t, 1);
      }
    },
    clamped,
  };
}

function plainSession(model: FixedModel) {
  const session = createFixedSession(model);
  return {
    step: (token: number) => stepFixed(session, token),
    reset: () => resetFixed(session),
    clamped: () => session.clamped,
  };
}
