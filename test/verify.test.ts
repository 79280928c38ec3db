import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundled } from '../cli/bundled.ts';
import { findingText, unitNames, type Verification, type VerifyOptions, verifyModel } from '../verify/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'popscan-verify-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = (): VerifyOptions => ({
  model: bundled('models/nano'),
  zeros: 'refuse',
  units: [...unitNames],
  engines: ['sim'],
  how: 'wasm',
  choices: { lanes: 3, columns: 7, scanLanes: 2, scanRows: 2, mixerLanes: 4 },
  tokens: 2,
  text: bundled('models/kjv-val.txt'),
  offset: 0,
  random: 12,
  seed: 3,
  wave: join(folder, 'mismatch.vcd'),
  fault: undefined,
  progress: () => undefined,
});

const wrong = (v: Verification): string[] =>
  [v.real, v.corner].flatMap((r) =>
    r.verdicts.flatMap((x) => (x.mismatch === undefined ? [] : [`${x.label}: ${x.mismatch.text}`])),
  );

describe('verification of nano', () => {
  it('finds nothing wrong, in the simulator and in Verilator on the emitted RTL', async () => {
    const v = await verifyModel({ ...options(), engines: ['sim', 'verilator'] });
    expect(wrong(v)).toEqual([]);
    expect([v.real.mismatch, v.corner.mismatch, v.real.stuck, v.corner.stuck]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(v.real.verdicts.map((x) => x.group)).toContain('layer 1 out_proj');
    expect(v.deviations.filter((d) => !d.ok)).toEqual([]);
    expect(v.deviations).toHaveLength(6);
    expect(v.saturations).toBe(0);
  });

  it('looks sums up in Verilator as in the simulator', async () => {
    const choices = { ...options().choices, columns: 8, engine: 'table' as const };
    const v = await verifyModel({ ...options(), choices, units: ['matmul'], engines: ['sim', 'verilator'], tokens: 1 });
    expect([v.parameters.matmul.engine, wrong(v), v.real.mismatch, v.corner.mismatch]).toEqual([
      'table',
      [],
      undefined,
      undefined,
    ]);
  });

  it('scales results by row where the model has such scales', async () => {
    const model = bundled('golden/testing/reference/row');
    const choices = { lanes: 4, columns: 6, scanLanes: 1, scanRows: 1, mixerLanes: 1 };
    const units = ['matmul', 'residual', 'mixer'] as const;
    const v = await verifyModel({ ...options(), model, choices, units, engines: ['sim', 'verilator'] });
    expect([v.parameters.matmul.rowScaleBits, wrong(v), v.real.mismatch]).toEqual([16, [], undefined]);
    expect(v.real.verdicts.map((x) => x.group)).toEqual(expect.arrayContaining(['layer 0 residual', 'layer 0 mixer']));
  });

  it('catches a flipped weight bit and names the matrix and the row', async () => {
    const v = await verifyModel({ ...options(), fault: 'weight-bit' });
    const found = wrong(v);
    expect(found).toHaveLength(1);
    expect(v.real.finding!.causes.map((c) => c.path)).toContain('matmul_weight_w');
    expect(found[0]).toMatch(/^layer 1 in_proj, token 0: row 0: -?\d+ expected, -?\d+ found$/);
  });

  it("catches an address that is off by one in the scan's write-back", async () => {
    const v = await verifyModel({ ...options(), fault: 'row-address' });
    expect(wrong(v)[0]).toMatch(/^layer 0 scan, token 1: head 0, row 0: y = -?\d+ expected, -?\d+ found$/);
    const [way, memories] = findingText(v.real.finding!, 110).split('Memories behind it');
    expect(way).toMatch(/row_0\.y_y = /);
    expect(way).not.toMatch(/tail_plus_1|row_1\./); // pointers of queues, bits that are not wrong
    expect(memories).toMatch(/word \d+ of scan\.states\.words, .*to\s+address\s+\(write_address\s+\+\s+1\)/s);
  });

  it.each([
    ['conv-address', 'conv', /^layer 0 conv, token 1: out, beat \d+, values \d: -?\d+ expected, -?\d+ found$/],
    [
      'quantizer-shift',
      'norm',
      /^layer 0 input of in_proj, token 0: out, beat 0, values 0: -?\d+ expected, -?\d+ found$/,
    ],
    ['packet-end', 'mixer', /^layer 0 mixer, token 0: act, beat \d+: no result came$|full_beats|cycle/],
  ] as const)('catches %s', async (fault, unit, message) => {
    const v = await verifyModel({ ...options(), units: [unit], fault });
    expect([...wrong(v), v.real.stuck].find((text) => text !== undefined)).toMatch(message);
  });

  it('catches a result that is overwritten while it waits', async () => {
    const v = await verifyModel({ ...options(), fault: 'back-pressure' });
    expect(v.corner.stuck).toContain('matmul_result');
    const text = findingText(v.corner.finding!, 110);
    expect(text).toMatch(/loaded in cycle \d+ because its enable, 1, was 1 with .*\n +hw\/matmul\/\w+.ts:\d+ {2}/);
  });

  it('catches Verilog that differs from the design, with cycle, port, values and a waveform', async () => {
    const v = await verifyModel({
      ...options(),
      engines: ['sim', 'verilator'],
      units: ['matmul'],
      fault: 'printed-sum',
    });
    expect(v.real.mismatch?.port).toBe('matmul_result_y');
    expect(v.real.mismatch?.cycle).toBeGreaterThan(0);
    const [sim, verilator] = ['sim', 'verilator'].map((e) => v.real.mismatch?.values.get(e));
    expect(sim).not.toBe(verilator);
    const { causes, report } = v.real.finding!;
    expect(causes.find((c) => c.path.endsWith('next_total'))?.location?.resolve()?.file).toMatch(/accumulator\.ts$/);
    expect(await readFile(report, 'utf8')).toContain('hw/matmul/accumulator.ts');
    expect(await readFile(v.real.finding!.wave, 'utf8')).toContain('$enddefinitions');
  });
});
