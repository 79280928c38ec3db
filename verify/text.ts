/** Tokens from a text file: its bytes. */
import { open } from 'node:fs/promises';
import { VerifyProblem } from './problem.ts';

/**
 * `count` bytes from `offset` on as token ids. A model whose vocabulary is not the 256 bytes still computes on them: the ids
 * are taken modulo its vocabulary, which makes them real work but not its language.
 */
export async function textTokens(path: string, offset: number, count: number, vocabSize: number): Promise<Uint32Array> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new VerifyProblem(
      'text-missing',
      'the text cannot be read',
      path,
      'a readable file',
      error.code ?? error.message,
      'name another with --text',
    );
  });
  try {
    const bytes = new Uint8Array(count);
    const { bytesRead } = await file.read(bytes, 0, count, offset);
    if (bytesRead < count) {
      const expected = `${count} bytes from byte ${offset} on`;
      throw new VerifyProblem(
        'text-short',
        'the text is too short',
        path,
        expected,
        `${bytesRead}`,
        'ask for fewer --tokens, or name a longer --text',
      );
    }
    return Uint32Array.from(bytes, (b) => b % vocabSize);
  } finally {
    await file.close();
  }
}
