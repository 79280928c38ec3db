/** Text to tokens and back, as the tokenizer.json beside a checkpoint says (Hugging Face's format, read by their own library). */
import { join } from 'node:path';
import * as library from '@huggingface/tokenizers';
import { excerpt, GoldenProblem } from './problem.ts';
import { openFile, readSmallFile } from './read/file.ts';

export interface Tokenizer {
  /** Special tokens included, as the file's post-processor adds them. */
  encode(text: string): number[];
  /** Special tokens left out. */
  decode(tokens: readonly number[]): string;
}

/** The part of the library that is used; its own types do not resolve under Node's rules for modules. */
interface Library {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    encode(text: string): { readonly ids: number[] };
    decode(ids: number[], options: { readonly skip_special_tokens: boolean }): string;
  };
}

const FILE = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';
const LIMIT = 64 * 2 ** 20;

/** The tokenizer of a checkpoint's folder. Errors: `file-missing` (no tokenizer.json), `file-unreadable`, `tokenizer-invalid`. */
export async function readTokenizer(dir: string): Promise<Tokenizer> {
  const path = join(dir, FILE);
  const description = await readObject(path);
  const config = (await exists(join(dir, CONFIG))) ? await readObject(join(dir, CONFIG)) : {};
  const tokenizer = guarded(path, () => new (library as unknown as Library).Tokenizer(description, config));
  return {
    encode: (text) => guarded(path, () => tokenizer.encode(text).ids),
    decode: (tokens) => guarded(path, () => tokenizer.decode([...tokens], { skip_special_tokens: true })),
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    await (await openFile(path)).handle.close();
    return true;
  } catch (error) {
    if (error instanceof GoldenProblem && error.id === 'file-missing') return false;
    throw error;
  }
}

async function readObject(path: string): Promise<object> {
  const text = new TextDecoder().decode(await readSmallFile(path, LIMIT));
  const value: unknown = guarded(path, () => JSON.parse(text));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid(path, 'JSON, but not an object');
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalid(path, excerpt(cause instanceof Error ? cause.message : String(cause)), cause);
  }
}

function invalid(where: string, found: string, cause?: unknown): GoldenProblem {
  const facts = {
    id: 'tokenizer-invalid',
    what: 'the tokenizer cannot be read or used',
    where,
    expected: 'a tokenizer.json as Hugging Face tokenizers write it',
    found,
    remedy: 'copy the file again from where the model comes from, or give tokens with --ids',
  } as const;
  return new GoldenProblem(facts, { cause });
}
