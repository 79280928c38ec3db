/** Text to tokens and back, as a model takes them: bytes, the tokenizer beside it, or numbers. */
import { GoldenProblem, readTokenizer, type Tokenizer } from '../golden/index.ts';

/** The tokens of `--ids`. Errors: `usage`. */
export function readIds(ids: string): number[] {
  const tokens = ids.split(',').map((id) => (/^\s*\d+\s*$/.test(id) ? Number(id) : Number.NaN));
  if (tokens.some((token) => !Number.isSafeInteger(token)))
    throw usage('--ids is not a list of tokens', 'whole numbers separated by commas', ids.slice(0, 60));
  return tokens;
}

/** How tokens are written. */
export interface Words {
  readonly encode: (text: string) => ArrayLike<number>;
  /** A function that gives what each token adds to the text, and without one what is left at the end. */
  readonly decoder: () => (token?: number) => string;
}

/** Tokens as numbers, with commas between. */
export const idWords: Words = {
  encode: () => [],
  decoder: () => (token) => (token === undefined ? '' : `,${token}`),
};

const byteWords: Words = {
  encode: (text) => Buffer.from(text),
  decoder: () => {
    const decoder = new TextDecoder();
    return (token) => (token === undefined ? decoder.decode() : decoder.decode(Uint8Array.of(token), { stream: true }));
  },
};

/** Bytes where the vocabulary is bytes, else the tokenizer beside the checkpoint. Errors: `usage`, `tokenizer-invalid`. */
export async function readWords(dir: string, vocabSize: number): Promise<Words> {
  if (vocabSize === 256) return byteWords;
  const tokenizer = await readTokenizer(dir).catch((error: unknown) => {
    throw error instanceof GoldenProblem && error.id === 'file-missing' ? notBytes(vocabSize) : error;
  });
  return { encode: tokenizer.encode, decoder: () => tokenDecoder(tokenizer) };
}

/** Text comes when its last character is whole: a token may end within one. */
function tokenDecoder({ decode }: Tokenizer): (token?: number) => string {
  const tokens: number[] = [];
  let shown = 0;
  return (token) => {
    if (token !== undefined) tokens.push(token);
    const text = decode(tokens);
    if (token !== undefined && text.endsWith('\ufffd')) return '';
    const piece = text.slice(shown);
    shown = text.length;
    return piece;
  };
}

const notBytes = (vocabSize: number) =>
  usage(
    'the model does not read bytes, and there is no tokenizer.json beside it',
    'a vocabulary of 256, a tokenizer.json, or --ids 1,2,3',
    `a vocabulary of ${vocabSize}`,
  );

function usage(what: string, expected: string, found: string): GoldenProblem {
  const remedy = 'correct the command line, or copy the tokenizer.json that belongs to the model';
  return new GoldenProblem({ id: 'usage', what, where: 'command line', expected, found, remedy });
}
