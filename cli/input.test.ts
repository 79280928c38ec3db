import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { bundled } from './bundled.ts';
import { changedNano, nano } from './testing/checkpoint.ts';
import { popscan, refused, reportOf, scratchDir } from './testing/run.ts';

const weight = 'backbone.layers.1.mixer.out_proj.weight';

afterEach(() => vi.unstubAllEnvs());

/** Every command that reads a model refuses it in the same way; gen leaves nothing. */
async function refusedByAll(model: string, out: string, id: string, ...mentions: readonly string[]): Promise<void> {
  for (const argv of [
    ['model', 'inspect', model],
    ['eval', '--model', model, '--text', bundled('models/kjv-val.txt')],
    ['gen', '--model', model, '--out', join(out, 'made', 'here')],
    ['verify', '--model', model, '--engines', 'sim'],
  ]) {
    const error = await refused(2, ...argv);
    expect(error.id).toBe(id);
    for (const mention of mentions) expect(`${error.what} ${error.where}`).toContain(mention);
  }
  expect(readdirSync(out)).toEqual([]);
}

test('a model folder that is not there, is empty, or is a file', async () => {
  using dir = scratchDir();
  for (const model of ['/nowhere/model', dir.path, bundled('models/kjv-val.txt')]) {
    const error = await refused(2, 'gen', '--model', model, '--out', join(dir.path, 'out'));
    expect(error.id).toMatch(/^(file|checkpoint)-missing$/);
    expect(error.where).toContain(model);
    expect((await refused(2, 'verify', '--model', model)).where).toContain(model);
  }
  expect(await refused(2, 'gen', '--config', '/nowhere.json', '--out', join(dir.path, 'out'))).toMatchObject({
    id: 'file-missing',
    where: '/nowhere.json',
  });
});

test('a truncated checkpoint', async () => {
  using dir = scratchDir();
  using out = scratchDir();
  const model = changedNano(dir.path, () => undefined);
  for (const size of [200_000, 5000, 4, 0]) {
    truncateSync(join(model, 'model.safetensors'), size);
    const error = await refused(2, 'gen', '--model', model, '--out', join(out.path, 'x'));
    expect(error.where).toContain('model.safetensors');
    expect(error.id).toMatch(/^(file-truncated|safetensors-header)$/);
  }
  await refusedByAll(model, out.path, 'safetensors-header', 'model.safetensors');
});

test('a tensor of the wrong shape', async () => {
  using dir = scratchDir();
  using out = scratchDir();
  const model = changedNano(dir.path, ({ header }) => header[weight]!.shape.reverse());
  await refusedByAll(model, out.path, 'tensor-shape', weight);
});

test('a weight that is not a number', async () => {
  using dir = scratchDir();
  using out = scratchDir();
  const model = changedNano(dir.path, ({ bytes }) => bytes(weight).writeUInt16LE(0x7e00, 2 * 77));
  await refusedByAll(model, out.path, 'weight-not-finite', weight);
});

test('a weight that is zero: refused, or taken as told', async () => {
  using dir = scratchDir();
  using out = scratchDir();
  const model = changedNano(dir.path, ({ bytes }) => bytes(weight).writeUInt16LE(0, 2 * 77));
  await refusedByAll(model, out.path, 'weight-zero', weight);
  expect((await refused(2, 'model', 'inspect', model)).remedy).toContain('--zeros');
  for (const zeros of ['plus', 'minus']) {
    const outcome = await popscan('gen', '--model', model, '--zeros', zeros, '--out', join(out.path, zeros), '--json');
    expect(reportOf(outcome, 'gen').ok).toBe(true);
  }
});

test('a model in full precision has no work for the matmul array', async () => {
  using out = scratchDir();
  const model = bundled('models/tiny-fp');
  const unit = await refused(2, 'verify', '--model', model, '--unit', 'matmul');
  expect(unit).toMatchObject({ id: 'not-binary', remedy: expect.stringContaining('--unit scan') });
  expect((await refused(2, 'verify', '--model', model)).id).toBe('not-binary');
  expect((await refused(2, 'gen', '--model', model, '--out', join(out.path, 'x'))).id).toBe('not-binary');
  expect(readdirSync(out.path)).toEqual([]);
});

test('an output directory that cannot be written', async () => {
  using dir = scratchDir();
  writeFileSync(join(dir.path, 'file'), 'precious');
  mkdirSync(join(dir.path, 'full'));
  writeFileSync(join(dir.path, 'full', 'work'), 'precious');
  const before = readdirSync(dir.path, { recursive: true });
  for (const [out, found] of [
    ['file', 'a file in the way'],
    ['file/below', 'a file in the way'],
    ['full', 'a directory with 1 entries'],
    ['full/work/below/deep', 'a file in the way'],
  ]) {
    const error = await refused(2, 'gen', '--model', nano, '--out', join(dir.path, out!));
    expect(error).toMatchObject({ id: 'output-directory', found });
  }
  expect(readdirSync(dir.path, { recursive: true })).toEqual(before);
  if (process.platform === 'linux')
    expect((await refused(2, 'gen', '--model', nano, '--out', '/proc/popscan/out')).id).toBe('output-directory');
});

test('files that cannot be read or written', async () => {
  using dir = scratchDir();
  const verify = ['verify', '--model', nano, '--engines', 'sim'];
  writeFileSync(join(dir.path, 'short'), 'four');
  for (const text of [join(dir.path, 'nowhere'), dir.path]) {
    expect(await refused(2, ...verify, '--text', text)).toMatchObject({ id: 'input-file', where: text });
  }
  const short = await refused(2, ...verify, '--text', join(dir.path, 'short'), '--offset', '0', '--tokens', '5');
  expect(short).toMatchObject({ id: 'text-short', expected: '5 bytes from byte 0 on' });
  for (const wave of [dir.path, join(dir.path, 'short', 'wave.vcd'), join(dir.path, 'short', 'a', 'wave.vcd')]) {
    expect(await refused(2, ...verify, '--wave', wave)).toMatchObject({ id: 'output-file', where: wave });
  }
});

test('a cache directory that cannot be used', async () => {
  using dir = scratchDir();
  const file = join(dir.path, 'file');
  writeFileSync(file, 'precious');
  vi.stubEnv('POPSCAN_CACHE', file);
  const error = await refused(2, 'verify', '--model', nano, '--tokens', '1', '--random', '0', '--unit', 'matmul');
  expect(error).toMatchObject({ id: 'cache-directory', where: file, remedy: expect.stringContaining('POPSCAN_CACHE') });
});

test('a tool that was asked for is missing: status 3', async () => {
  vi.stubEnv('PATH', '');
  const argv = ['verify', '--model', nano, '--tokens', '1', '--random', '0', '--verilator', 'native'];
  expect(await refused(3, ...argv)).toMatchObject({ id: 'native-missing', remedy: expect.stringContaining('wasm') });
});

test('doctor names what is missing, and how to get it', async () => {
  vi.stubEnv('PATH', '');
  vi.stubEnv('FIRTOOL_PATH', '/nowhere/firtool');
  vi.stubEnv('POPSCAN_NEXTPNR_ECP5', '');
  const { skipped, tools } = reportOf(await popscan('doctor', '--json'), 'doctor');
  const missing = ['verilator (native)', 'iverilog', 'firtool', 'nextpnr-ecp5', 'nextpnr-ice40'];
  expect(skipped.map((s) => s.name)).toEqual(missing);
  expect(skipped[2]!.why).toContain('/nowhere/firtool');
  expect(Object.keys(tools)).toEqual(['node', 'verilator (wasm)', 'clang (wasm)', 'yosys (wasm)']);
  const { out } = await popscan('doctor');
  expect(out).toMatch(/^iverilog +missing/m);
  expect(out).toContain('apt-get install iverilog');
});
