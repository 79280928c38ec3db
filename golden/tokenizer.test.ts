import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectProblem } from './testing/problems.ts';
import { scratchDir } from './testing/synthetic.ts';
import { TOKENIZER } from './testing/tokenizer.ts';
import { readTokenizer } from './tokenizer.ts';

const write = (dir: string, name: string, value: unknown) =>
  writeFileSync(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value));

it('reads tokenizer.json, with and without tokenizer_config.json', async () => {
  using dir = scratchDir();
  write(dir.path, 'tokenizer.json', TOKENIZER);
  for (const config of [undefined, { clean_up_tokenization_spaces: false }]) {
    if (config !== undefined) write(dir.path, 'tokenizer_config.json', config);
    const tokenizer = await readTokenizer(dir.path);
    expect(tokenizer.encode('abc ab a')).toEqual([0, 6, 4, 5, 4, 1]);
    expect(tokenizer.decode([0, 6, 4, 5])).toBe('abc ab');
    expect(tokenizer.decode(tokenizer.encode('ä'))).toBe('ä');
  }
});

it('refuses what it cannot read, by name', async () => {
  using dir = scratchDir();
  await expectProblem('file-missing', 'tokenizer.json', () => readTokenizer(dir.path));
  for (const broken of ['{', '[]', '{}', { ...TOKENIZER, model: { type: 'Unheard' } }, { ...TOKENIZER, model: null }]) {
    write(dir.path, 'tokenizer.json', broken);
    await expectProblem('tokenizer-invalid', 'as Hugging Face tokenizers write it', () => readTokenizer(dir.path));
  }
});
