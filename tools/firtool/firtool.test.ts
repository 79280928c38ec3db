import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractFirtool, fetchedFirtool, fetchFirtool, jarEntry } from './fetch.ts';
import { findFirtool } from './find.ts';
import { runFirtool } from './run.ts';

const run = promisify(execFile);
const BIN = fileURLToPath(new URL('bin/firtool.mjs', import.meta.url));
const posix = process.platform !== 'win32';

let scratch: string;
let nothing: NodeJS.ProcessEnv;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'popscan-test-'));
  nothing = { PATH: join(scratch, 'empty'), POPSCAN_CACHE: join(scratch, 'cache') };
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** A program that answers as firtool does, or as `text` says. */
async function standIn(path: string, text = 'echo "CIRCT firtool-9.9.9"'): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('findFirtool', () => {
  it('finds nothing where there is nothing', () => {
    expect(findFirtool(nothing)).toBeUndefined();
  });

  it.skipIf(!posix)('prefers FIRTOOL_PATH, then PATH, then the fetched one', async () => {
    const fetched = await standIn(fetchedFirtool(nothing));
    expect(findFirtool(nothing)).toEqual({ path: fetched, version: '9.9.9', how: 'fetched' });
    const onPath = await standIn(join(scratch, 'bin', 'firtool'));
    const env = { ...nothing, PATH: join(scratch, 'bin') };
    expect(findFirtool(env)).toEqual({ path: onPath, version: '9.9.9', how: 'PATH' });
    const named = await standIn(join(scratch, 'named', 'my-firtool'), 'echo "CIRCT firtool-1.2.3"');
    expect(findFirtool({ ...env, FIRTOOL_PATH: named })).toEqual({
      path: named,
      version: '1.2.3',
      how: 'FIRTOOL_PATH',
    });
    await rm(fetched);
  });

  it.skipIf(!posix)('passes over its own launcher and over other programs of that name', async () => {
    const launcher = await standIn(join(scratch, 'node_modules', '.bin', 'firtool'));
    const other = await standIn(join(scratch, 'other', 'firtool'), 'echo something else');
    const env = { ...nothing, PATH: [join(launcher, '..'), join(other, '..')].join(delimiter) };
    expect(findFirtool(env)).toBeUndefined();
  });

  it('refuses a wrong FIRTOOL_PATH by name', async () => {
    const wrong = join(scratch, 'not-there');
    expect(() => findFirtool({ ...nothing, FIRTOOL_PATH: wrong })).toThrow(
      expect.objectContaining({ status: 3, id: 'firtool-path', where: 'FIRTOOL_PATH', found: wrong }),
    );
    await writeFile(wrong, 'not a program');
    expect(() => findFirtool({ ...nothing, FIRTOOL_PATH: wrong })).toThrow(/does not name a firtool/);
  });
});

describe('npx firtool', () => {
  it('says how to get firtool, with status 3, where there is none', async () => {
    const failed = await run(process.execPath, [BIN, '--version'], { env: nothing }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect((failed as { stderr: string }).stderr).toMatchInlineSnapshot(`
      "firtool, the FIRRTL compiler of CIRCT, was not found [firtool-missing]
        where:    firtool
        expected: the program FIRTOOL_PATH names, a \`firtool\` on PATH, or one fetched earlier
        found:    none of them
        remedy:   fetch it with Maven (\`npx firtool --popscan-fetch\`), or set FIRTOOL_PATH to a firtool you have
      "
    `);
  });

  it.skipIf(!posix)('passes arguments, output and status on', async () => {
    const program = await standIn(
      join(scratch, 'echo', 'firtool'),
      'case "$1" in --version) echo "CIRCT firtool-1.0.0";; *) echo "$@"; exit 7;; esac',
    );
    const env = { ...nothing, FIRTOOL_PATH: program };
    const failed = await run(process.execPath, [BIN, 'a b', '-c'], { env }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 7, stdout: 'a b -c\n' });
  });
});

describe('fetching', () => {
  it('takes the program of each platform out of the jar', () => {
    const jar = zipSync({ [jarEntry('linux')]: strToU8('elf'), [jarEntry('darwin')]: strToU8('mach-o') });
    expect(Buffer.from(extractFirtool(jar, jarEntry('darwin'))).toString()).toBe('mach-o');
    expect(() => extractFirtool(jar, jarEntry('win32'))).toThrow(
      expect.objectContaining({ status: 3, id: 'firtool-fetch' }),
    );
  });

  it('says so when there is no Maven', async () => {
    await expect(fetchFirtool(nothing)).rejects.toMatchObject({
      status: 3,
      id: 'firtool-fetch',
      found: 'no `mvn` on PATH',
    });
  });
});

describe('the real firtool', () => {
  const real = findFirtool();
  const circuit = `FIRRTL version 4.0.0
circuit Inverter :
  public module Inverter :
    input a : UInt<8>
    output b : UInt<8>
    connect b, not(a)
`;

  it.skipIf(real === undefined)('compiles FIRRTL to Verilog', async () => {
    const { status, stdout, stderr } = await runFirtool(['--format=fir'], circuit);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('module Inverter(');
  });

  it.skipIf(real === undefined)('reports wrong FIRRTL', async () => {
    const { status, stderr } = await runFirtool(['--format=fir'], circuit.replace('not(a)', 'not(c)'));
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/use of unknown declaration 'c'/);
  });
});
