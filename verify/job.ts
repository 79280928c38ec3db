/** Work for the units, with the results that golden's contracts demand. */
import type { Activations, ScanInput, ScanShape, SignMatrix } from '../golden/fixed/index.ts';

/** One product of a sign matrix with a vector. */
export interface MatmulJob {
  /** Which part of which layer, e.g. `layer 0 in_proj`; results are reported by group. */
  readonly group: string;
  readonly label: string;
  readonly matrix: SignMatrix;
  readonly activations: Activations;
  /** [rows] */
  readonly expected: ArrayLike<number>;
}

/** One token of one layer through the scan. */
export interface ScanJob {
  readonly group: string;
  readonly label: string;
  readonly shape: ScanShape;
  /** The layer's place among the states; each layer keeps its own. */
  readonly slot: number;
  /** Start from a zero state. */
  readonly clear: boolean;
  readonly input: ScanInput;
  /** [heads * headDim] */
  readonly expected: ArrayLike<number>;
}

/** How far the fixed-point results are from the float model's. */
export interface Deviation {
  readonly group: string;
  /** Largest |fixed - float|, and the bound it must stay within. */
  readonly error: number;
  readonly bound: number;
  /** Root mean square of the error over that of the reference. */
  readonly relativeRms: number;
}

/** Collects errors against a reference. */
export class DeviationMeter {
  #error = 0;
  #bound = 0;
  #worst = 0;
  #squares = 0;
  #reference = 0;

  /** `bound` holds for this vector alone; the largest share of a bound that was used decides. */
  add(fixed: ArrayLike<number>, float: ArrayLike<number>, bound: number): void {
    for (let i = 0; i < float.length; i++) {
      const error = Math.abs(fixed[i]! - float[i]!);
      this.#squares += error * error;
      this.#reference += float[i]! * float[i]!;
      const used = error / bound;
      if (used < this.#worst) continue;
      this.#worst = used;
      this.#error = error;
      this.#bound = bound;
    }
  }

  result(group: string): Deviation {
    const relativeRms = this.#reference === 0 ? 0 : Math.sqrt(this.#squares / this.#reference);
    return { group, error: this.#error, bound: this.#bound, relativeRms };
  }
}
