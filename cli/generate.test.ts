import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AWKWARD, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../golden/testing/synthetic.ts';
import { TOKENIZER } from '../golden/testing/tokenizer.ts';
import { readTokenizer } from '../golden/tokenizer.ts';
import { bundled } from './bundled.ts';
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

it('gives the whole text, or all tokens, in one JSON object', async () => {
  const nano = ['generate', '--model', bundled('models/nano'), '--on', 'float', '--tokens', '5'];
  for (const prompt of [
    ['--prompt', 'In the "'],
    ['--ids', '73,110'],
  ]) {
    const shown = await popscan(...nano, ...prompt);
    const { command, ok, text } = JSON.parse((await popscan(...nano, ...prompt, '--json')).out);
    expect([command, ok, shown.out.startsWith(`${text}\n\n`)]).toEqual(['generate', true, true]);
    expect(text.startsWith(prompt[1])).toBe(true);
    expect(text.length).toBeGreaterThan(prompt[1]!.length);
  }
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

it('runs in fixed point with ranges of the bundled text through the tokenizer, or of tokens without one', async () => {
  using dir = scratchDir();
  const model = writeCheckpoint(join(dir.path, 'model'), syntheticCheckpoint(AWKWARD, 1));
  const on = ['generate', '--model', model, '--tokens', '3'];
  expect((await refused(2, ...on, '--ids', '1,2,3')).remedy).toContain('--calibration FILE');
  const ranges = join(dir.path, 'ranges.json');
  expect((await popscan('calibrate', '--model', model, '--ids', '1,2,3,4,5,6', '--out', ranges)).status).toBe(0);
  expect((await popscan(...on, '--ids', '1,2,3', '--calibration', ranges)).out).toMatch(/^1,2,3(,\d+){3}\n\n/);
  writeFileSync(join(model, 'tokenizer.json'), JSON.stringify(TOKENIZER));
  expect((await popscan(...on, '--prompt', 'abc')).status).toBe(0);
});

it('refuses what it cannot do before it prints anything', async () => {
  const nano = ['generate', '--model', bundled('models/nano'), '--on', 'float'];
  for (const [option, value] of [
    ['--temperature', '-1'],
    ['--top-k', '1.5'],
    ['--top-p', '0'],
    ['--tokens', '0'],
  ] as const) {
    const { status, out, err } = await popscan(...nano, '--prompt', 'In', option, value);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain(option);
  }
  const { out, err } = await popscan(...nano, '--ids', '1,999');
  expect([out, err.includes('prompt, token 2')]).toEqual(['', true]);
});

it('calibrate and eval refuse impossible numbers, and formats that floating point does not have', async () => {
  const model = ['--model', bundled('models/nano')];
  for (const [option, value] of [
    ['--offset', '-1'],
    ['--window', '0'],
    ['--windows', '1.5'],
  ] as const)
    expect((await refused(2, 'calibrate', ...model, '--out', 'ranges.json', option, value)).what).toContain(option);
  const evaluate = ['eval', ...model, '--text', bundled('models/kjv-val.txt'), '--windows', '1'];
  expect((await refused(2, ...evaluate, '--threads', '0')).what).toContain('--threads');
  expect((await refused(2, ...evaluate, '--format', 'activation_bits=4')).what).toContain('floating point was asked');
});
