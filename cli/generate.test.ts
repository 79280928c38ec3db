import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AWKWARD, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../golden/testing/synthetic.ts';
import { TOKENIZER } from '../golden/testing/tokenizer.ts';
import { readTokenizer } from '../golden/tokenizer.ts';
import { popscan, refused } from './testing/run.ts';

const LENGTH = ['--tokens', '12', '--on', 'float'];

it('generates text with the tokenizer beside a checkpoint, the same tokens as with --ids', async () => {
  using dir = scratchDir();
  const model = writeCheckpoint(dir.path, syntheticCheckpoint(AWKWARD, 1));
  writeFileSync(join(model, 'tokenizer.json'), JSON.stringify(TOKENIZER));
  const { decode, encode } = await readTokenizer(model);
  const text = await popscan('generate', '--model', model, '--prompt', 'abc ab', ...LENGTH);
  const ids = await popscan('generate', '--model', model, '--ids', encode('abc ab').join(','), ...LENGTH);
  expect([text.status, ids.status]).toEqual([0, 0]);
  const tokens = /[\d,]+/.exec(ids.out)![0].split(',').map(Number);
  expect(tokens).toHaveLength(encode('abc ab').length + 12);
  expect(text.out.startsWith(decode(tokens))).toBe(true);
});

it('says what is missing where a vocabulary is not bytes', async () => {
  using dir = scratchDir();
  const model = writeCheckpoint(dir.path, syntheticCheckpoint(AWKWARD, 1));
  expect(await refused(2, 'generate', '--model', model, '--prompt', 'abc', ...LENGTH)).toMatchObject({
    id: 'usage',
    what: 'the model does not read bytes, and there is no tokenizer.json beside it',
  });
  writeFileSync(join(model, 'tokenizer.json'), '{}');
  expect((await refused(2, 'generate', '--model', model, '--prompt', 'abc', ...LENGTH)).id).toBe('tokenizer-invalid');
});
