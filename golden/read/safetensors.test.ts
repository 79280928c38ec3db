import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { GoldenProblem } from '../problem.ts';
import { expectProblem } from '../testing/problems.ts';
import { randomSource } from '../testing/random.ts';
import { encodeSafetensors, type TensorData, withHeader } from '../testing/safetensors.ts';
import { scratchDir } from '../testing/synthetic.ts';
import type { Dtype } from './dtype.ts';
import { openSafetensors } from './safetensors.ts';
import { findTensor, readFloats, readIntegers } from './tensors.ts';

/** Opens `bytes` as a file and reads every tensor in it. */
async function readAll(bytes: Uint8Array): Promise<Map<string, ArrayLike<number>>> {
  using dir = scratchDir();
  const path = join(dir.path, 'file.safetensors');
  writeFileSync(path, bytes);
  const source = await openSafetensors(path);
  try {
    const out = new Map<string, ArrayLike<number>>();
    for (const info of source.tensors.values()) {
      const integer = /^[IU]/.test(info.dtype);
      const values = await (integer ? readIntegers(source, info) : readFloats(source, info));
      expect(values.length).toBe(info.shape.reduce((product, extent) => product * extent, 1));
      out.set(info.name, values);
    }
    return out;
  } finally {
    await source.close();
  }
}

const one = (dtype: Dtype, shape: number[], data: Uint8Array | Float32Array) =>
  readAll(encodeSafetensors(new Map<string, TensorData>([['a', { dtype, shape, data }]]))).then((all) => all.get('a')!);

describe('element types', () => {
  const bytesOf = (array: { buffer: ArrayBufferLike }) => new Uint8Array(array.buffer as ArrayBuffer);

  it('F32, F64', async () => {
    const values = [0, -1.5, 3e38, 1e-40, Math.PI];
    expect(await one('F32', [5], new Float32Array(values))).toEqual(new Float32Array(values));
    expect(await one('F64', [5], bytesOf(new Float64Array(values)))).toEqual(new Float32Array(values));
  });

  it('F16: every finite pattern', async () => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((bits) => ((bits >> 10) & 31) !== 31);
    const values = await one('F16', [patterns.length], bytesOf(patterns.slice()));
    for (const [i, bits] of patterns.entries()) {
      const exponent = (bits >> 10) & 31;
      const magnitude = exponent === 0 ? (bits & 1023) / 2 ** 24 : (1 + (bits & 1023) / 1024) * 2 ** (exponent - 15);
      if (values[i] !== (bits >> 15 ? -magnitude : magnitude)) expect.fail(`pattern ${bits}: ${values[i]}`);
    }
  });

  it('BF16 is the upper half of a float32', async () => {
    const values = new Float32Array([1, -2.5, 1.875, 0, 2 ** -100]);
    const halves = Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
    expect(await one('BF16', [5], bytesOf(halves))).toEqual(values);
  });

  it('integers', async () => {
    const values = [0, -1, 127, -128];
    expect(await one('I8', [4], bytesOf(new Int8Array(values)))).toEqual(new Int32Array(values));
    expect(await one('I16', [4], bytesOf(new Int16Array(values)))).toEqual(new Int32Array(values));
    expect(await one('I32', [4], bytesOf(new Int32Array(values)))).toEqual(new Int32Array(values));
    expect(await one('I64', [4], bytesOf(new BigInt64Array(values.map(BigInt))))).toEqual(new Int32Array(values));
    const large = bytesOf(new BigInt64Array([1n << 40n]));
    await expectProblem('token-out-of-range', 'index 0', () => one('I64', [1], large));
  });

  it('an unaligned tensor, an empty one and a scalar', async () => {
    const tensors = new Map<string, TensorData>([
      ['odd', { dtype: 'U8', shape: [3], data: new Uint8Array([1, 2, 3]) }],
      ['none', { shape: [0, 5], data: new Float32Array() }],
      ['scalar', { shape: [], data: new Float32Array([7]) }],
    ]);
    const all = await readAll(encodeSafetensors(tensors));
    expect([...all.values()].map((values) => Array.from(values))).toEqual([[1, 2, 3], [], [7]]);
  });

  it('refuses what is not a finite float32, with its index', async () => {
    const values = new Float32Array(200_000);
    values[150_001] = Number.NaN;
    await expectProblem('weight-not-finite', 'index [1500, 1]', () => one('F32', [2000, 100], values));
    await expectProblem('weight-not-finite', 'Infinity', () => one('F16', [1], new Uint8Array([0, 0x7c])));
    await expectProblem('weight-not-finite', '1e+300', () => one('F64', [1], bytesOf(new Float64Array([1e300]))));
  });

  it('refuses types that are no weights', async () => {
    await expectProblem('tensor-dtype', 'BOOL', () => one('BOOL', [1], new Uint8Array(1)));
    await expectProblem('tensor-dtype', 'F8_E4M3', () => one('F8_E4M3', [1], new Uint8Array(1)));
  });
});

describe('hostile headers', () => {
  const entry = (dtype: unknown, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
  const fine = entry('F32', [2], [0, 8]);
  const cases: [string, unknown, number, string][] = [
    ['a list', [], 0, 'a JSON object'],
    ['an entry that is no object', { a: 1 }, 0, 'an object'],
    ['an unknown dtype', { a: entry('F31', [2], [0, 8]) }, 8, "'F31'"],
    ['a dtype of another kind', { a: entry(32, [2], [0, 8]) }, 8, 'dtype'],
    ['a name of JavaScript as dtype', { a: entry('constructor', [2], [0, 8]) }, 8, "'constructor'"],
    ['no shape', { a: { dtype: 'F32', data_offsets: [0, 8] } }, 8, 'shape'],
    ['a negative extent', { a: entry('F32', [-2], [0, 8]) }, 8, 'whole numbers'],
    ['a fraction', { a: entry('F32', [0.5, 4], [0, 8]) }, 8, 'whole numbers'],
    ['a string extent', { a: entry('F32', ['2'], [0, 8]) }, 8, 'whole numbers'],
    ['2^53', { a: entry('F32', [2 ** 53], [0, 8]) }, 8, 'whole numbers below 2^53'],
    ['a product beyond float64', { a: entry('F32', Array(8).fill(2 ** 52), [0, 8]) }, 8, 'bytes for F32'],
    ['a product that wraps at 2^64', { a: entry('F32', [2 ** 32, 2 ** 32, 2], [0, 8]) }, 8, 'bytes for F32'],
    ['nine dimensions', { a: entry('F32', [2, 1, 1, 1, 1, 1, 1, 1, 1], [0, 8]) }, 8, 'at most 8'],
    ['offsets past the end', { a: entry('F32', [3], [0, 12]) }, 8, 'begin <= end <= 8'],
    ['offsets reversed', { a: entry('F32', [2], [8, 0]) }, 8, 'begin <= end'],
    ['three offsets', { a: entry('F32', [2], [0, 8, 8]) }, 8, 'begin <= end'],
    ['one offset', { a: entry('F32', [2], [8]) }, 8, 'begin <= end'],
    ['a length that is not the shape', { a: entry('F32', [1], [0, 8]) }, 8, '4 bytes for F32 [1]'],
    ['an overlap', { a: fine, b: entry('F32', [2], [4, 12]) }, 12, 'an overlap'],
    ['the same data twice', { a: fine, b: fine }, 8, 'an overlap'],
    ['a gap', { a: fine, b: entry('F32', [1], [12, 16]) }, 16, 'a gap'],
    ['data after the last tensor', { a: fine }, 9, '8 bytes, as the tensors need'],
    ['data and no tensors', {}, 4, '0 bytes'],
    ['an unknown field', { a: { ...fine, strides: [1] } }, 8, "'strides'"],
    ['metadata that are no strings', { __metadata__: { a: 1 }, a: fine }, 8, '__metadata__'],
    ['metadata that are a list', { __metadata__: [], a: fine }, 8, '__metadata__'],
  ];
  it.each(cases)('refuses %s', async (_, header, bytes, text) => {
    const file = withHeader(JSON.stringify(header), Buffer.alloc(bytes));
    await expectProblem('safetensors-header', text, () => readAll(file));
  });

  it('refuses a name twice', async () => {
    const entry = JSON.stringify(fine);
    await expectProblem('json-invalid', "'a' twice", () =>
      readAll(withHeader(`{"a":${entry},"a":${entry}}`, Buffer.alloc(8))),
    );
  });

  it('refuses lengths the file cannot hold', async () => {
    for (const length of [9n, 1n << 31n, (1n << 63n) - 1n, (1n << 64n) - 1n]) {
      const file = withHeader('{}      ');
      file.writeBigUInt64LE(length);
      await expectProblem('safetensors-header', `${length} bytes`, () => readAll(file));
    }
    await expectProblem('safetensors-header', 'too short', () => readAll(Buffer.alloc(9)));
    await expectProblem('safetensors-header', 'too short', () => readAll(Buffer.alloc(0)));
  });

  it('shows hostile names in one printable line', async () => {
    const name = `\u001b[2J\n\u202e${'x'.repeat(10_000)}`;
    const problem = readAll(withHeader(JSON.stringify({ [name]: 1 })));
    await expect(problem).rejects.toThrow('10006 characters');
    await expect(problem).rejects.not.toThrow('\u001b');
  });
});

describe('files', () => {
  it('missing, a directory', async () => {
    using dir = scratchDir();
    await expectProblem('file-missing', 'none.safetensors', () => openSafetensors(join(dir.path, 'none.safetensors')));
    await expectProblem('file-unreadable', 'a directory', () => openSafetensors(dir.path));
  });

  it('truncated after it was opened', async () => {
    using dir = scratchDir();
    const path = join(dir.path, 'file.safetensors');
    const data = new Float32Array(100);
    writeFileSync(path, encodeSafetensors(new Map([['a', { shape: [100], data }]])));
    const source = await openSafetensors(path);
    truncateSync(path, 200);
    await expectProblem('file-truncated', 'copy or download', () => readFloats(source, findTensor(source, 'a')));
    await source.close();
  });
});

describe('mutations of a real file', () => {
  let original: Buffer;
  let headerEnd = 0;
  beforeAll(() => {
    original = readFileSync(new URL('../../models/nano/model.safetensors', import.meta.url));
    headerEnd = 8 + Number(original.readBigUInt64LE());
  });

  /** Either it reads with the declared shapes, or it is refused with one clear message. */
  async function survives(bytes: Uint8Array): Promise<'read' | 'refused'> {
    try {
      await readAll(bytes);
      return 'read';
    } catch (error) {
      if (!(error instanceof GoldenProblem)) throw error;
      for (const field of [error.what, error.where, error.expected, error.found, error.remedy]) {
        expect(field.length).toBeGreaterThan(0);
        expect(field.length).toBeLessThan(400);
      }
      return 'refused';
    }
  }

  it('refuses every truncation', async () => {
    const random = randomSource(1);
    const lengths = [0, 1, 7, 8, 9, headerEnd - 1, headerEnd, headerEnd + 1, original.length - 1];
    while (lengths.length < 100) lengths.push(Math.floor(random() * original.length));
    for (const length of lengths) expect(await survives(original.subarray(0, length))).toBe('refused');
  });

  it('survives flipped bits in the header', async () => {
    const random = randomSource(2);
    let refused = 0;
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.from(original.subarray());
      for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
        bytes[Math.floor(random() * headerEnd)]! ^= 1 << Math.floor(random() * 8);
      }
      if ((await survives(bytes)) === 'refused') refused++;
    }
    expect(refused).toBeGreaterThan(150);
  });

  it('survives flipped bits in the data', async () => {
    const random = randomSource(3);
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.from(original.subarray());
      const at = headerEnd + Math.floor(random() * (bytes.length - headerEnd));
      bytes[at]! ^= 1 << Math.floor(random() * 8);
      await survives(bytes);
    }
  });
});
