import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import { cacheDirectory, sealedDirectory, sha256 } from './cache.ts';
import { VerilatorProblem } from './problem.ts';

/** The version of Verilator in the archive. */
export const VERILATOR_WASM_VERSION = '5.006';

/** An archive of this package and the digest it must have. */
export interface Artifact {
  readonly path: string;
  readonly sha256: string;
}

/** What rebuild.sh made; its last line of output is this digest. */
export const ARTIFACT: Artifact = {
  path: fileURLToPath(new URL('artifact/verilator-5.006.tar.gz', import.meta.url)),
  sha256: 'db44acbae0ac9c87d2120811185ae2a128709ef5a98555f4c8765aad02ce8351',
};

/** The unpacked archive: a VERILATOR_ROOT with `bin/verilator_bin.cjs`, `include/` and the runtime objects. */
export interface VerilatorKit {
  readonly root: string;
  readonly include: string;
  readonly runtime: string;
}

/**
 * Unpacks the archive into the user's cache on first use, after checking its digest; later uses check every unpacked file.
 * @throws VerilatorProblem (status 3, `artifact-missing` or `artifact-damaged`)
 */
export async function verilatorKit(artifact: Artifact = ARTIFACT): Promise<VerilatorKit> {
  const path = join(cacheDirectory(), `verilator-${VERILATOR_WASM_VERSION}-${artifact.sha256.slice(0, 16)}`);
  const root = await sealedDirectory(path, async (directory) => {
    await pipeline([await checkedBytes(artifact)], extract({ cwd: directory, strict: true }));
  });
  return {
    root,
    include: join(root, 'include'),
    runtime: join(root, 'runtime'),
  };
}

/** How to start Verilator in a process of its own: `process.execPath` with these arguments and this environment. */
export function verilatorCommand(
  kit: VerilatorKit,
  args: readonly string[],
): { args: string[]; env: NodeJS.ProcessEnv } {
  const child = fileURLToPath(new URL('verilator-child.mjs', import.meta.url));
  return {
    args: [child, join(kit.root, 'bin', 'verilator_bin.cjs'), ...args],
    env: { ...process.env, VERILATOR_ROOT: kit.root, NODE_OPTIONS: '' },
  };
}

async function checkedBytes(artifact: Artifact): Promise<Uint8Array> {
  const remedy = 'restore the file from version control, or rebuild it with tools/verilator-wasm/rebuild.sh';
  const where = 'tools/verilator-wasm/artifact/verilator-5.006.tar.gz';
  const bytes = await readFile(artifact.path).catch(() => undefined);
  if (bytes === undefined) {
    throw new VerilatorProblem({
      status: 3,
      id: 'artifact-missing',
      what: 'the archive with Verilator is not there',
      where,
      expected: 'the archive that comes with this package',
      found: 'no readable file',
      remedy,
    });
  }
  const found = sha256(bytes);
  if (found !== artifact.sha256) {
    throw new VerilatorProblem({
      status: 3,
      id: 'artifact-damaged',
      what: 'the archive with Verilator is not the one this version was made with; it was not used',
      where,
      expected: `sha256 ${artifact.sha256}`,
      found: `sha256 ${found}`,
      remedy,
    });
  }
  return bytes;
}
