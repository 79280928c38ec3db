import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ARTIFACT, verilatorKit } from './artifact.ts';

const run = promisify(execFile);
const BIN = fileURLToPath(new URL('bin/verilator-wasm.mjs', import.meta.url));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'popscan-test-'));
  vi.stubEnv('POPSCAN_CACHE', join(scratch, 'cache'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true, force: true });
});

describe('the archive', () => {
  it('is refused when one bit of it differs', async () => {
    const path = join(scratch, 'planted.tar.gz');
    const bytes = await readFile(ARTIFACT.path);
    bytes[1000]! ^= 1;
    await writeFile(path, bytes);
    await expect(verilatorKit({ ...ARTIFACT, path })).rejects.toMatchObject({
      status: 3,
      id: 'artifact-damaged',
      expected: `sha256 ${ARTIFACT.sha256}`,
    });
    expect(await readdir(join(scratch, 'cache'))).toEqual([]);
  });

  it('is named when it is missing', async () => {
    const missing = verilatorKit({ ...ARTIFACT, path: join(scratch, 'nowhere') });
    await expect(missing).rejects.toMatchObject({ status: 3, id: 'artifact-missing' });
  });
});

describe('verilator-wasm', () => {
  const verilator = (cwd: string, ...args: string[]) =>
    run(process.execPath, [BIN, ...args], { cwd }).then(
      ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ status: code, stdout, stderr }),
    );

  it('unpacks on first use, also when two start at once', async () => {
    const [one, two] = await Promise.all([verilator(scratch, '--version'), verilator(scratch, '--version')]);
    expect(one).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Verilator 5\.006 /) });
    expect(two).toEqual(one);
    expect(await readdir(join(scratch, 'cache'))).toHaveLength(1);
  });

  it('passes exit status and messages on, from the directory it is started in', async () => {
    await writeFile(join(scratch, 'good.v'), 'module good(input a, output b); assign b = ~a; endmodule\n');
    await writeFile(join(scratch, 'bad.v'), 'module bad(input a, output b);\n  assign b = ~a\nendmodule\n');
    expect(await verilator(scratch, '--lint-only', 'good.v')).toEqual({ status: 0, stdout: '', stderr: '' });
    const bad = await verilator(scratch, '--lint-only', 'bad.v');
    expect(bad.status).toBe(1);
    expect(bad.stderr).toContain("%Error: bad.v:3:1: syntax error, unexpected endmodule, expecting ',' or ';'");
    expect(bad.stderr).not.toContain(scratch);
  });
});
