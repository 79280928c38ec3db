import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { FirtoolProblem } from './problem.ts';
import { FIRTOOL_ARTIFACT, FIRTOOL_VERSION } from './version.ts';

const run = promisify(execFile);

/** Where `fetchFirtool` puts firtool: in the per-user cache that POPSCAN_CACHE, then XDG_CACHE_HOME, may move. */
export function fetchedFirtool(env: NodeJS.ProcessEnv = process.env): string {
  const name = process.platform === 'win32' ? 'firtool.exe' : 'firtool';
  return join(cacheDirectory(env), `firtool-${FIRTOOL_VERSION}`, name);
}

function cacheDirectory(env: NodeJS.ProcessEnv): string {
  const { POPSCAN_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = env;
  if (POPSCAN_CACHE) return POPSCAN_CACHE;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'popscan');
  if (process.platform === 'win32') {
    return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'popscan', 'cache');
  }
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'popscan');
  return join(homedir(), '.cache', 'popscan');
}

/** The program inside the artifact's jar for a platform. */
export function jarEntry(platform: string = process.platform): string {
  const system = { darwin: 'macos-x64', win32: 'windows-x64' }[platform] ?? 'linux-x64';
  return `org.chipsalliance/llvm-firtool/${system}/bin/firtool${platform === 'win32' ? '.exe' : ''}`;
}

/**
 * Fetches firtool with Maven, from wherever Maven is set up to fetch from, into the cache; returns its path.
 * Nothing calls this unless the user asks for it.
 * @throws FirtoolProblem (status 3, `firtool-fetch`)
 */
export async function fetchFirtool(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const target = fetchedFirtool(env);
  const scratch = join(dirname(dirname(target)), `.new-${process.pid}-${randomUUID()}`);
  await mkdir(scratch, { recursive: true });
  try {
    await maven(['dependency:get', `-Dartifact=${FIRTOOL_ARTIFACT}`, '-Dtransitive=false'], env);
    await maven(['dependency:copy', `-Dartifact=${FIRTOOL_ARTIFACT}`, `-DoutputDirectory=${scratch}`], env);
    const program = extractFirtool(await readFile(join(scratch, `llvm-firtool-${FIRTOOL_VERSION}.jar`)));
    const fresh = join(scratch, 'firtool');
    await writeFile(fresh, program);
    await chmod(fresh, 0o755);
    await mkdir(dirname(target), { recursive: true });
    await rename(fresh, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}

/** The program out of the jar's bytes. */
export function extractFirtool(jar: Uint8Array, entry: string = jarEntry()): Uint8Array {
  const program = unzipSync(jar, { filter: (file) => file.name === entry })[entry];
  if (program === undefined) throw fetchProblem(`a jar with ${entry}`, 'a jar without it');
  return program;
}

async function maven(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const program = process.platform === 'win32' ? 'mvn.cmd' : 'mvn';
  try {
    await run(program, ['--batch-mode', '--quiet', ...args], { env, maxBuffer: 1 << 24, shell: false });
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    const found = code === 'ENOENT' ? 'no `mvn` on PATH' : `${stdout ?? ''}${stderr ?? ''}`.trim().slice(0, 2000);
    throw fetchProblem('Maven (`mvn`) on PATH, and a repository it can reach', found);
  }
}

function fetchProblem(expected: string, found: string): FirtoolProblem {
  return new FirtoolProblem({
    status: 3,
    id: 'firtool-fetch',
    what: `firtool ${FIRTOOL_VERSION} could not be fetched`,
    where: FIRTOOL_ARTIFACT,
    expected,
    found,
    remedy: 'install Maven and check its settings, or get firtool from the CIRCT project and set FIRTOOL_PATH',
  });
}
