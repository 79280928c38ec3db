import { spawnSync } from 'node:child_process';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchedFirtool } from './fetch.ts';
import { FirtoolProblem } from './problem.ts';

/** A firtool that runs, and where it was found. */
export interface FoundFirtool {
  readonly path: string;
  /** As it says itself: '1.62.1'. */
  readonly version: string;
  readonly how: 'FIRTOOL_PATH' | 'PATH' | 'fetched';
}

const OWN_DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

/**
 * The firtool to use: the one `FIRTOOL_PATH` names, else the first on PATH that is one, else the fetched one, else undefined.
 * @throws FirtoolProblem (status 3, `firtool-path`) when FIRTOOL_PATH is set and names no firtool: it is never passed over
 */
export function findFirtool(env: NodeJS.ProcessEnv = process.env): FoundFirtool | undefined {
  const { FIRTOOL_PATH, PATH } = env;
  if (FIRTOOL_PATH !== undefined && FIRTOOL_PATH !== '') {
    const version = firtoolVersion(FIRTOOL_PATH);
    if (version === undefined) throw wrongPath(FIRTOOL_PATH);
    return { path: FIRTOOL_PATH, version, how: 'FIRTOOL_PATH' };
  }
  const name = process.platform === 'win32' ? 'firtool.exe' : 'firtool';
  for (const directory of (PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    if (directory === '' || isOurs(path)) continue;
    const version = firtoolVersion(path);
    if (version !== undefined) return { path, version, how: 'PATH' };
  }
  const path = fetchedFirtool(env);
  const version = firtoolVersion(path);
  return version === undefined ? undefined : { path, version, how: 'fetched' };
}

/** Whether the path leads to this package's own launcher, which npm puts on PATH as `firtool`. */
function isOurs(path: string): boolean {
  if (path.includes(join('node_modules', '.bin') + sep)) return true;
  try {
    return realpathSync(path).startsWith(OWN_DIRECTORY);
  } catch {
    return false;
  }
}

/** What `--version` says, if the file is a firtool. */
export function firtoolVersion(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    if (!statSync(path).isFile() || isOurs(path)) return undefined;
  } catch {
    return undefined;
  }
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? /CIRCT firtool-(\S+)/.exec(stdout)?.[1] : undefined;
}

function wrongPath(path: string): FirtoolProblem {
  return new FirtoolProblem({
    status: 3,
    id: 'firtool-path',
    what: 'FIRTOOL_PATH does not name a firtool',
    where: 'FIRTOOL_PATH',
    expected: 'an executable whose --version names CIRCT firtool',
    found: path,
    remedy: 'correct FIRTOOL_PATH, or unset it to search PATH and the fetched one',
  });
}
