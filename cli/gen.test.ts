import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundled } from './bundled.ts';
import { noScratch } from './io.ts';
import { writeDirectory } from './output-directory.ts';
import { nano, readCheckpoint } from './testing/checkpoint.ts';
import { popscan, reportOf, scratchDir } from './testing/run.ts';

const filesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name).slice(dir.length + 1))
    .sort();

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

async function gen(out: string, ...argv: readonly string[]): Promise<void> {
  reportOf(await popscan('gen', '--model', nano, '--out', out, '--json', ...argv), 'gen');
}

test('the same input gives the same bytes, whatever the paths', async () => {
  using dir = scratchDir();
  const copy = join(dir.path, 'copy');
  mkdirSync(copy);
  for (const file of ['config.json', 'model.safetensors']) copyFileSync(join(nano, file), join(copy, file));
  await gen(join(dir.path, 'a'));
  const outcome = await popscan('gen', '--model', copy, '--out', join(dir.path, 'b', 'deep'), '--json');
  expect(outcome.status).toBe(0);
  const files = filesOf(join(dir.path, 'a'));
  expect(files).toContain('rtl/files.f');
  expect(filesOf(join(dir.path, 'b', 'deep'))).toEqual(files);
  for (const file of files)
    expect(readFileSync(join(dir.path, 'a', file)).equals(readFileSync(join(dir.path, 'b', 'deep', file)))).toBe(true);
  expect(readdirSync(dir.path).sort()).toEqual(['a', 'b', 'copy']);
});

test('the manifest lists every other file with its size and hash, and the inputs with theirs', async () => {
  using dir = scratchDir();
  const out = join(dir.path, 'out');
  await gen(out);
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  expect(manifest.files.map((f: { path: string }) => f.path).sort()).toEqual(
    filesOf(out).filter((f) => f !== 'manifest.json'),
  );
  for (const { path, bytes, sha256: hash } of manifest.files) {
    expect(statSync(join(out, path)).size, path).toBe(bytes);
    expect(sha256(join(out, path)), path).toBe(hash);
  }
  expect(manifest.inputs).toEqual({
    'config.json': sha256(join(nano, 'config.json')),
    'model.safetensors': sha256(join(nano, 'model.safetensors')),
  });
  const listed = readFileSync(join(out, 'rtl/files.f'), 'utf8').trimEnd().split('\n');
  expect(listed.sort()).toEqual(filesOf(join(out, 'rtl')).filter((f) => f.endsWith('.v')));
});

/** Bit `n` of beat `beat` in the bytes and in the hex line: 0 or 1, or undefined where they disagree. */
function imageBits(out: string, name: string, beatBits: number) {
  const bytes = readFileSync(join(out, `weights/${name}.bin`));
  const lines = readFileSync(join(out, `weights/${name}.hex`), 'utf8')
    .trimEnd()
    .split('\n');
  const beatBytes = Math.ceil(beatBits / 8);
  expect(bytes.length).toBe(lines.length * beatBytes);
  const values = lines.map((line) => {
    expect(line).toMatch(new RegExp(`^[0-9a-f]{${Math.ceil(beatBits / 4)}}$`));
    return BigInt(`0x${line}`);
  });
  return (beat: number, n: number): number | undefined => {
    const bit = (bytes[beat * beatBytes + Math.floor(n / 8)]! >> (n % 8)) & 1;
    return Number((values[beat]! >> BigInt(n)) & 1n) === bit ? bit : undefined;
  };
}

test('lanes are made of the cells of the target', async () => {
  using dir = scratchDir();
  const cellsOf = async (target: string): Promise<string[]> => {
    const out = join(dir.path, target);
    await gen(out, '--target', target, '--unit', 'matmul');
    const rtl = filesOf(join(out, 'rtl')).filter((f) => f.endsWith('.v'));
    const text = rtl.map((f) => readFileSync(join(out, 'rtl', f), 'utf8')).join('');
    return ['LUT6_2', 'CARRY8', 'CARRY4', 'CCU2C'].filter((cell) => new RegExp(`^\\s*${cell} `, 'm').test(text));
  };
  expect(await cellsOf('portable')).toEqual([]);
  expect(await cellsOf('xcup')).toEqual(['LUT6_2', 'CARRY8']);
  expect(await cellsOf('xc7')).toEqual(['LUT6_2', 'CARRY4']);
  expect(await cellsOf('ecp5')).toEqual(['CCU2C']);
  const tables = ['--target', 'ecp5', '--matmul-engine', 'table'];
  const { status, err } = await popscan('gen', '--model', nano, '--out', join(dir.path, 'none'), ...tables);
  expect([status, err.includes('expected: portable, xcup')]).toEqual([2, true]);
});

test('scales of rows are written in the order of results', async () => {
  using dir = scratchDir();
  const out = join(dir.path, 'out');
  const model = bundled('golden/testing/reference/row');
  const sizes = ['--lanes', '5', '--columns', '2', '--mixer-lanes', '1', '--scan-lanes', '1'];
  expect((await popscan('gen', '--model', model, '--out', out, ...sizes)).status).toBe(0);
  const { tops, parameters } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  const { drain, rowScaleBits } = parameters.matmul;
  expect([drain, rowScaleBits]).toEqual([1, 16]);
  expect(Object.keys(tops)).toEqual(['matmul', 'scan', 'conv', 'norm', 'residual', 'mixer']);
  const checkpoint = readCheckpoint(model);
  const tensor = checkpoint.bytes('backbone.layers.0.mixer.out_proj.wscale');
  const scales = Array.from({ length: tensor.length / 4 }, (_, o) => tensor.readFloatLE(4 * o));
  const bytes = readFileSync(join(out, 'weights/layer_0_out_proj_factors.bin'));
  const found = scales.map((_, o) => bytes.readInt16LE(4 * o));
  const largest = found.map(Math.abs).indexOf(Math.max(...found.map(Math.abs)));
  const unit = found[largest]! / scales[largest]!;
  const off = found.map((value, o) => Math.abs(value - scales[o]! * unit));
  expect(Math.abs(found[largest]!)).toBeGreaterThan(2 ** 10);
  expect(Math.max(...off)).toBeLessThan(1);
});

test.each([
  [4, 32, 'popcount'],
  [5, 24, 'popcount'],
  [3, 7, 'popcount'],
  [5, 16, 'table'],
])('the weight images hold the signs of the checkpoint: %i rows x %i columns, %s', async (lanes, columns, engine) => {
  using dir = scratchDir();
  const out = join(dir.path, 'out');
  await gen(out, '--lanes', `${lanes}`, '--columns', `${columns}`, '--matmul-engine', engine);
  const checkpoint = readCheckpoint(nano);
  for (const layer of [0, 1]) {
    for (const side of ['in_proj', 'out_proj']) {
      const name = `backbone.layers.${layer}.mixer.${side}.weight`;
      const [rows, cols] = checkpoint.header[name]!.shape as [number, number];
      const latent = checkpoint.bytes(name);
      const bit = imageBits(out, `layer_${layer}_${side}`, lanes * columns);
      let wrong = 0;
      const [tiles, groups] = [Math.ceil(rows / lanes), Math.ceil(cols / columns)];
      for (let tile = 0; tile < tiles; tile++) {
        for (let group = 0; group < groups; group++) {
          const beat = engine === 'table' ? group * tiles + tile : tile * groups + group;
          for (let r = 0; r < lanes; r++) {
            for (let k = 0; k < columns; k++) {
              const [row, col] = [tile * lanes + r, group * columns + k];
              // The sign of a half-precision number is its highest bit; there are no zeros in nano.
              const plus = row < rows && col < cols && latent.readUInt16LE(2 * (row * cols + col)) < 0x8000;
              if (bit(beat, r * columns + k) !== (plus ? 1 : 0)) wrong++;
            }
          }
        }
      }
      expect(wrong, name).toBe(0);
    }
  }
});

test('the C headers compile and hold the bytes of the binary images; the manifest places them on pages', async () => {
  using dir = scratchDir();
  const out = join(dir.path, 'out');
  await gen(out);
  const { weights } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  let free = 0;
  for (const { name, beats, beatBytes, address } of weights) {
    const header = readFileSync(join(out, `weights/${name}.h`), 'utf8');
    const bytes = [...header.matchAll(/0x([0-9a-f]{2}),/g)].map(([, hex]) => Number.parseInt(hex!, 16));
    const image = readFileSync(join(out, `weights/${name}.bin`));
    expect(Buffer.from(bytes).equals(image)).toBe(true);
    expect(image.length).toBe(beats * beatBytes);
    expect(header).toContain(`#define ${name.toUpperCase()}_BEATS ${beats}`);
    expect([address % 4096, address >= free]).toEqual([0, true]);
    free = address + image.length;
  }
  const main = join(out, 'main.c');
  writeFileSync(main, `${weights.map((w: { name: string }) => `#include "weights/${w.name}.h"`).join('\n')}\n`);
  const compiled = spawnSync('cc', ['-std=c99', '-pedantic-errors', '-fsyntax-only', main], { encoding: 'utf8' });
  if (compiled.error === undefined) expect(compiled.stderr).toBe('');
});

test('a configuration alone gives the Verilog of the model, without images', async () => {
  using dir = scratchDir();
  const [a, b] = [join(dir.path, 'a'), join(dir.path, 'b')];
  await gen(a);
  const argv = ['gen', '--config', join(nano, 'config.json'), '--out', b, '--json'];
  expect(reportOf(await popscan(...argv), 'gen').ok).toBe(true);
  expect(filesOf(b)).toEqual(filesOf(a).filter((f) => !f.startsWith('weights/')));
  for (const f of filesOf(join(a, 'rtl'))) expect(sha256(join(b, 'rtl', f))).toBe(sha256(join(a, 'rtl', f)));
});

test('an empty directory is taken, a failing write leaves it as it was', async () => {
  using dir = scratchDir();
  const target = join(dir.path, 'out');
  mkdirSync(target);
  const failing = async (write: (name: string, data: string) => Promise<void>): Promise<void> => {
    await write('a/first', 'done');
    await write('a/first/below', 'cannot be: its folder is a file');
  };
  await expect(writeDirectory(target, noScratch, failing)).rejects.toMatchObject({ id: 'output-directory', status: 2 });
  expect(filesOf(dir.path)).toEqual([]);
  expect(readdirSync(dir.path)).toEqual(['out']);

  const broken = writeDirectory(join(dir.path, 'x', 'y', 'z'), noScratch, async (write) => {
    await write('first', 'done');
    throw new TypeError('a defect');
  });
  await expect(broken).rejects.toThrow(TypeError);
  expect(existsSync(join(dir.path, 'x'))).toBe(false);

  await writeDirectory(target, noScratch, (write) => write('first', 'done'));
  expect(filesOf(dir.path)).toEqual(['out/first']);
});

test('what is made on the way is announced before, and taken back after', async () => {
  using dir = scratchDir();
  const events: unknown[] = [];
  const scratch = {
    begin: (path: string, parents: readonly string[]) => {
      expect(existsSync(path)).toBe(false);
      events.push(['begin', path, parents]);
    },
    end: (path: string) => {
      expect(existsSync(path)).toBe(false);
      events.push(['end', path]);
    },
  };
  const partial = join(dir.path, 'x', 'y', `out.partial-${process.pid}`);
  await writeDirectory(join(dir.path, 'x', 'y', 'out'), scratch, (write) => write('first', 'done'));
  expect(events).toEqual([
    ['begin', partial, [join(dir.path, 'x', 'y'), join(dir.path, 'x')]],
    ['end', partial],
  ]);
});

test('every unit is written, each a top without a warning of Verilator; --unit takes some of them', async () => {
  using dir = scratchDir();
  const out = join(dir.path, 'all');
  await gen(out);
  const { tops } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  expect(Object.keys(tops)).toEqual(['matmul', 'scan', 'conv', 'norm', 'residual', 'mixer']);
  for (const top of Object.values<string>(tops)) {
    const argv = ['--lint-only', '-Wall', '--top-module', top, '-f', 'files.f'];
    const lint = spawnSync('verilator', argv, { cwd: join(out, 'rtl'), encoding: 'utf8' });
    if (lint.error === undefined) expect([top, lint.status, lint.stderr]).toEqual([top, 0, '']);
  }
  const some = join(dir.path, 'some');
  await gen(some, '--unit', 'conv');
  expect(readFileSync(join(some, 'rtl/files.f'), 'utf8')).toMatch(/\nconv_p4_t4\.v\n$/);
});
