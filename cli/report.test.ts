import { expect, test, vi } from 'vitest';
import { uint } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { readConfig } from '../golden/index.ts';
import { defaultChoices, unitParameters } from '../hw/index.ts';
import type { Run } from '../verify/index.ts';
import { bundled } from './bundled.ts';
import type { Report } from './command.ts';
import { doctorCommand } from './commands/doctor.ts';
import { neverInterrupted, plainWidth } from './io.ts';
import { printReport, showNumber, table } from './print.ts';
import { progressOn } from './progress.ts';
import { nano } from './testing/checkpoint.ts';
import { objectOf, popscan, reportOf } from './testing/run.ts';
import { verifyReport } from './verify-report.ts';

const config = await readConfig(bundled('models/nano/config.json'));
const small = ['--model', nano, '--tokens', '1', '--random', '2'];

test('demo, model inspect, eval: JSON as promised, nothing else on stdout', async () => {
  const demo = reportOf(await popscan('demo', '--json'), 'demo');
  expect(demo.ok).toBe(true);
  expect(demo.figures.find((f) => f.name === 'mismatches')?.value).toBe(0);
  expect(demo.tools['verilator']?.how).toMatch(/^(native|wasm)$/);
  const names = demo.checks.map((c) => c.name);
  expect(names).toContain('real activations: verilator = sim, every output port, every cycle');
  expect(names).toContain('corner cases with stalls: verilator = sim, every output port, every cycle');
  reportOf(await popscan('model', 'inspect', nano, '--json'), 'model inspect');
  const text = bundled('models/kjv-val.txt');
  reportOf(
    await popscan('eval', '--model', nano, '--text', text, '--windows', '1', '--threads', '1', '--json'),
    'eval',
  );
});

test('verify: the same names, checks and figures in every run', async () => {
  const [a, b] = [
    await popscan('verify', ...small, '--engines', 'sim', '--json'),
    await popscan('verify', ...small, '--engines', 'sim', '--json'),
  ];
  expect(reportOf(a, 'verify').ok).toBe(true);
  expect(b.out).toBe(a.out);
  const scan = reportOf(await popscan('verify', ...small, '--unit', 'scan', '--engines', 'sim', '--json'), 'verify');
  expect(scan.checks.every((c) => !c.name.includes('proj'))).toBe(true);
  const matmul = reportOf(
    await popscan('verify', ...small, '--unit', 'matmul', '--engines', 'sim', '--json'),
    'verify',
  );
  expect(matmul.checks.every((c) => !c.name.includes('scan'))).toBe(true);
});

test('a failed check: status 1, and the place is named', async () => {
  const outcome = await popscan('verify', ...small, '--engines', 'sim', '--plant', 'weight-bit', '--json');
  const report = reportOf(outcome, 'verify');
  expect(report.ok).toBe(false);
  const failed = report.checks.filter((c) => !c.ok);
  expect(failed[0]!.detail).toMatch(/first: layer \d (in|out)_proj, token 0, row \d+: -?\d+ expected, -?\d+ found/);
  const { status, out } = await popscan('verify', ...small, '--engines', 'sim', '--plant', 'weight-bit');
  expect(status).toBe(1);
  expect(out).toMatch(/^FAILED {2}layer/m);
  expect(out).toMatch(/\d+ of \d+ checks FAILED\n$/);
});

test('engines that differ, and one that never finishes: every check has its own name, and says where', () => {
  const units = [{ unit: 'matmul', cycles: 0, operations: 10, operation: 'operations' }];
  const verdicts = [{ group: 'layer 0 in_proj', label: 'token 0', words: 4, mismatch: undefined }];
  const good = {
    verdicts,
    units,
    stuck: undefined,
    stopped: false,
    cycles: 40,
    compared: 80,
    mismatch: undefined,
    finding: undefined,
  };
  const values = new Map([
    ['sim', 3n],
    ['verilator', 5n],
  ]);
  const differ: Run = { ...good, mismatch: { cycle: 17, port: 'matmul_result_y', values } };
  const stuck: Run = { ...good, stuck: 'no result after 99 cycles: 3 of 4' };
  const parameters = unitParameters(config, defaultChoices, defaultNumerics);
  const rest = { parameters, tools: {}, engines: ['sim', 'verilator'], deviations: [], saturations: 0 };
  const both = verifyReport({ ...rest, real: stuck, corner: { ...stuck, verdicts: [] } });
  expect(both.checks.filter((c) => !c.ok)).toEqual([
    { name: 'real activations: sim finishes its work', ok: false, detail: stuck.stuck },
    { name: 'corner cases with stalls: sim finishes its work', ok: false, detail: stuck.stuck },
  ]);
  expect(new Set(both.checks.map((c) => c.name)).size).toBe(both.checks.length);
  const stopped = verifyReport({ ...rest, real: differ, corner: differ });
  expect(stopped.checks.filter((c) => !c.ok)).toEqual([
    {
      name: 'real activations: verilator = sim, every output port, every cycle',
      ok: false,
      detail: 'first difference in cycle 17 at port matmul_result_y: sim 3, verilator 5',
    },
  ]);
});

test('assertions are counted, and fail the report where one was violated', () => {
  const run = {
    verdicts: [],
    units: [],
    stuck: undefined,
    stopped: false,
    cycles: 4,
    compared: 8,
    mismatch: undefined,
    finding: undefined,
  };
  const parameters = unitParameters(config, defaultChoices, defaultNumerics);
  const rest = { parameters, tools: {}, engines: ['sim'], deviations: [], saturations: 0, real: run, corner: run };
  const of = (violations: number) => verifyReport({ ...rest, properties: { count: 14, violations } });
  expect(of(0).figures).toContainEqual({ name: 'assertions', value: 14, unit: 'properties', kind: 'simulated' });
  expect(
    [0, 2].map((n) =>
      of(n)
        .checks.filter((c) => !c.ok)
        .map((c) => c.name),
    ),
  ).toEqual([[], ['assertions of the design hold in sim']]);
});

/** What a mistake in one of our units would throw. */
function designError(): unknown {
  try {
    return uint(0);
  } catch (error) {
    return error;
  }
}

test('a defect of ours: id internal, status 1, the stack in `where`', async () => {
  using run = vi.spyOn(doctorCommand, 'run');
  run.mockRejectedValue(new TypeError('boom'));
  expect(objectOf(await popscan('doctor', '--json'))).toMatchObject({
    ok: false,
    error: { id: 'internal', what: 'boom', where: expect.stringContaining('report.test.ts') },
  });
  run.mockRejectedValueOnce(designError());
  expect(objectOf(await popscan('doctor', '--json'))['error']).toMatchObject({ id: 'internal' });
  const { status, out, err } = await popscan('doctor');
  expect([status, out]).toEqual([1, '']);
  expect(err).toMatch(/^popscan: boom\n {2}where: {4}TypeError: boom\n {12}/);
  run.mockRejectedValue('a string');
  expect(objectOf(await popscan('doctor', '--json'))).toMatchObject({ error: { id: 'internal', what: 'a string' } });
  const bad = { name: 'rate', value: Number.NaN, unit: 'share', kind: 'measured' as const };
  run.mockResolvedValue({ figures: [bad], checks: [], skipped: [], tools: {} });
  expect(objectOf(await popscan('doctor', '--json'))).toMatchObject({ error: { what: 'figure rate is NaN' } });
});

/** What a report looks like at this width. */
function shown(report: Report, width: number): string {
  let text = '';
  const out = (part: string): void => {
    text += part;
  };
  const scratch = { begin: () => undefined, end: () => undefined };
  printReport({ out, err: out, width, statusWidth: undefined, scratch, ...neverInterrupted }, 'test', report, false);
  return text;
}

test('a report for people', () => {
  const report: Report = {
    text: 'what was done: a sentence that is longer than the line it has to fit into',
    figures: [{ name: 'cycles', value: 12345, unit: 'clock cycles', kind: 'simulated' }],
    checks: [
      { name: 'a = b', ok: true, detail: '8 vectors, 512 result words, and more that has to be said of them' },
      { name: 'b = c', ok: false },
    ],
    skipped: [{ name: 'firtool', why: 'not found', get: 'npx firtool --popscan-fetch' }],
    tools: { sim: { version: '0.1.0', how: 'wasm' } },
  };
  expect(shown(report, 50)).toMatchInlineSnapshot(`
    "what was done: a sentence that is longer than the
    line it has to fit into

            check  detail
    ok      a = b  8 vectors, 512 result words, and
                   more that has to be said of them
    FAILED  b = c

    figure   value  unit          kind
    cycles  12 345  clock cycles  simulated

    skipped  why        to get it
    firtool  not found  npx firtool --popscan-fetch

    tools: sim 0.1.0 (wasm)

    1 of 2 checks FAILED, 1 skipped
    "
  `);
  const wide = shown(report, plainWidth).split('\n');
  expect(wide[0]).toBe(report.text);
  expect(wide).toContain('ok      a = b  8 vectors, 512 result words, and more that has to be said of them');
});

test('numbers and tables', () => {
  expect([0, 1234567, 0.000012345, 1.23456789, -0.5, 1e9 + 0.5].map(showNumber)).toEqual([
    '0',
    '1 234 567',
    '1.234e-5',
    '1.23457',
    '-0.5',
    '1.000e+9',
  ]);
  expect(
    table(
      ['a', 'number'],
      [
        ['x', '1'],
        ['long', '22'],
      ],
      [1],
    ),
  ).toBe('a     number\nx          1\nlong      22');
});

test('progress: one line in place on a terminal, few lines elsewhere', () => {
  let err = '';
  const io = {
    out: () => undefined,
    err: (text: string) => (err += text),
    width: 80,
    scratch: { begin: () => undefined, end: () => undefined },
    ...neverInterrupted,
  };
  const terminal = progressOn({ ...io, statusWidth: 10 });
  terminal.show('a long line of progress');
  terminal.end();
  terminal.end();
  expect(err).toBe('\r\x1b[2Ka long li\r\x1b[2K');
  err = '';
  const file = progressOn({ ...io, statusWidth: undefined });
  for (let i = 0; i < 5; i++) file.show(`line ${i}`);
  file.end();
  expect(err).toBe('line 0\n');
});
