import { type ProblemFacts as Facts, Problem } from 'popscan-problem';

/** What can be wrong with a user's input to the golden model. Stable names: the error index explains each. */
export type ProblemId =
  | 'file-missing'
  | 'file-unreadable'
  | 'file-truncated'
  | 'json-invalid'
  | 'safetensors-header'
  | 'checkpoint-missing'
  | 'config-invalid'
  | 'config-unsupported'
  | 'tensor-missing'
  | 'tensor-unexpected'
  | 'tensor-shape'
  | 'tensor-dtype'
  | 'weight-not-finite'
  | 'weight-zero'
  | 'result-not-finite'
  | 'head-not-tied'
  | 'model-too-large'
  | 'token-out-of-range'
  | 'text-too-short'
  | 'trace-empty'
  | 'zip-invalid'
  | 'pickle-refused'
  | 'index-invalid'
  | 'calibration-invalid'
  | 'scale-tile'
  | 'tokenizer-invalid'
  | 'usage';

export interface ProblemFacts extends Facts {
  readonly id: ProblemId;
}

/** A problem of the user's making in golden/: always about the input, hence always exit status 2. */
export class GoldenProblem extends Problem implements ProblemFacts {
  declare readonly id: ProblemId;

  constructor(facts: ProblemFacts, options?: ErrorOptions) {
    super(facts, options);
  }
}

/** Refuses a model whose arithmetic leaves float32: `what` is the result that is infinite or not a number. */
export function notFinite(what: string, found: number): GoldenProblem {
  return new GoldenProblem({
    id: 'result-not-finite',
    what: `${what} of the float model is not finite`,
    where: 'float model',
    expected: 'finite numbers everywhere',
    found: String(found),
    remedy: 'the checkpoint is damaged or its training diverged: use another one',
  });
}

/** Names and values from a file may be long or hostile: show at most `limit` printable characters of them. */
export function excerpt(text: string, limit = 80): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is being removed
  const printable = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e]/g, '?');
  return printable.length <= limit ? printable : `${printable.slice(0, limit)}... (${text.length} characters)`;
}

/** Shows a shape as `[a, b]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
