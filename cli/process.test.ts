import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundled } from './bundled.ts';
import { nano } from './testing/checkpoint.ts';
import { objectOf, outcomeOf, scratchDir, start } from './testing/run.ts';

/** Resolves when `seen` says so. */
async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('an interrupt while gen writes: a message, status 130, nothing left', async () => {
  using dir = scratchDir();
  const work = join(dir.path, 'work');
  const temporary = join(dir.path, 'tmp');
  mkdirSync(work);
  mkdirSync(temporary);
  const argv = ['gen', '--model', bundled('models/tiny'), '--out', join(work, 'made', 'out')];
  const child = start(argv, { ...process.env, TMPDIR: temporary });
  const ended = outcomeOf(child);
  await until(() => existsSync(join(work, 'made')) || child.exitCode !== null);
  child.kill('SIGINT');
  const { status, out, err } = await ended;
  expect([status, out]).toEqual([130, '']);
  expect(err).toContain('popscan: interrupted\n');
  expect(readdirSync(work)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});

test('an interrupt in the middle of a simulation: what has come is judged, and the waves so far are a whole file', async () => {
  using dir = scratchDir();
  const vcd = join(dir.path, 'run.vcd');
  const child = start(['sim', '--model', nano, '--unit', 'scan', '--tokens', '200', '--vcd', vcd, '--json']);
  const ended = outcomeOf(child);
  let err = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  await until(() => err.includes('cycles') || child.exitCode !== null);
  child.kill('SIGINT');
  const outcome = await ended;
  expect(outcome.status).toBe(1);
  const report = objectOf(outcome) as { readonly checks: readonly { readonly name: string; readonly ok: boolean }[] };
  expect(report.checks.filter((c) => !c.ok)).toEqual([
    {
      name: 'real activations: sim finishes its work',
      ok: false,
      detail: expect.stringMatching(/^interrupted after \d+/),
    },
  ]);
  expect(readdirSync(dir.path)).toEqual(['run.vcd']);
});

test('a second interrupt ends a simulation at once, and takes its waves away', async () => {
  using dir = scratchDir();
  const child = start([
    'sim',
    '--model',
    nano,
    '--unit',
    'scan',
    '--tokens',
    '200',
    '--vcd',
    join(dir.path, 'run.vcd'),
    '--json',
  ]);
  const ended = outcomeOf(child);
  await until(() => readdirSync(dir.path).length > 0 || child.exitCode !== null);
  child.kill('SIGTERM');
  child.kill('SIGINT');
  const outcome = await ended;
  expect(outcome.status).toBeGreaterThan(128);
  expect(objectOf(outcome)).toMatchObject({ command: 'sim', ok: false, error: { id: 'interrupted' } });
  expect(readdirSync(dir.path)).toEqual([]);
});

test('an interrupted mutate reports what it has; a second interrupt ends it', async () => {
  const child = start(['mutate', '--unit', 'matmul', '-n', '100000', '--json']);
  const ended = outcomeOf(child);
  let err = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  await until(() => err.includes('killed') || child.exitCode !== null);
  child.kill('SIGINT');
  const outcome = await ended;
  expect(outcome.err).toContain('interrupted: a summary follows');
  expect(outcome.status).toBe(1);
  const report = objectOf(outcome) as { readonly checks: readonly { readonly name: string; readonly ok: boolean }[] };
  expect(report.checks.find((c) => c.name === 'all faults were planted')).toMatchObject({ ok: false });
});

test('a reader that goes away does not make a crash', async () => {
  using dir = scratchDir();
  const child = start(['doctor'], { ...process.env, TMPDIR: dir.path });
  child.stdout!.destroy();
  const { status, err } = await outcomeOf(child);
  expect(status).toBe(0);
  expect(err).not.toMatch(/EPIPE|^ +at /m);
  expect(readdirSync(dir.path)).toEqual([]);
});

test('a disk that is full in the middle of gen', async () => {
  using dir = scratchDir();
  const work = join(dir.path, 'work');
  mkdirSync(work);
  // No file may be larger than 4 blocks of 512 or 1024 bytes: the first images fit, a Verilog file does not.
  const script = 'ulimit -f 4; exec "$0" "$@"';
  const argv = [process.execPath, bundled('cli/popscan.mjs'), 'gen', '--model', nano, '--out', join(work, 'a', 'out')];
  const child = spawn('sh', ['-c', script, ...argv, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const outcome = await outcomeOf(child);
  expect(outcome.status, outcome.err).toBe(2);
  expect(objectOf(outcome)).toMatchObject({
    error: { id: 'output-directory', found: expect.stringMatching(/^E\w+ at write/) },
  });
  expect(readdirSync(work)).toEqual([]);
});

test('a thread that breaks is a message, not a crash', async () => {
  using dir = scratchDir();
  copyFileSync(bundled('cli/popscan.mjs'), join(dir.path, 'popscan.mjs'));
  writeFileSync(join(dir.path, 'thread.mjs'), "setTimeout(() => { throw new RangeError('too large'); }, 10);");
  const run = (...argv: string[]) =>
    outcomeOf(spawn(process.execPath, [join(dir.path, 'popscan.mjs'), ...argv], { stdio: ['ignore', 'pipe', 'pipe'] }));
  const plain = await run('demo');
  expect([plain.status, plain.out]).toEqual([1, '']);
  expect(plain.err).toMatch(/^popscan: too large\n {2}where: {4}RangeError: too large/);
  const json = await run('demo', '--json');
  expect(json.err).toBe('');
  expect(objectOf(json)).toMatchObject({ command: 'demo', ok: false, error: { id: 'internal', what: 'too large' } });
});
