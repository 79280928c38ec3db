import { GoldenProblem } from '../problem.ts';
import { openFile, readAt } from '../read/file.ts';

export interface WindowOptions {
  /** Bytes per window; default 1024. */
  readonly window?: number;
  /** How many windows, from the start of the text; default all whole ones. */
  readonly windows?: number;
}

/**
 * Reads the first `windows` windows of `window` bytes each, without overlap; a rest shorter than a window is left out.
 * Errors: `usage` (a window below 2 bytes, no windows), `text-too-short`, `file-missing`, `file-unreadable`.
 */
export async function readWindows(path: string, options: WindowOptions = {}): Promise<Uint8Array[]> {
  const { window = 1024 } = options;
  checkCount('--window', window, 2);
  if (options.windows !== undefined) checkCount('--windows', options.windows, 1);
  const file = await openFile(path);
  try {
    const whole = Math.floor(file.size / window);
    const count = options.windows ?? whole;
    if (whole === 0 || count > whole) throw tooShort(path, Math.max(count, 1) * window, file.size);
    const bytes = new Uint8Array(count * window);
    await readAt(file, 0, bytes);
    return Array.from({ length: count }, (_, i) => bytes.subarray(i * window, (i + 1) * window));
  } finally {
    await file.handle.close();
  }
}

function checkCount(option: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new GoldenProblem({
    id: 'usage',
    what: `${option} has an impossible value`,
    where: 'command line',
    expected: `a whole number of at least ${least}`,
    found: String(value),
    remedy: `leave ${option} out for its default, or give such a number`,
  });
}

function tooShort(path: string, expected: number, found: number): GoldenProblem {
  return new GoldenProblem({
    id: 'text-too-short',
    what: 'the text is too short for these windows',
    where: path,
    expected: `at least ${expected} bytes`,
    found: `${found} bytes`,
    remedy: 'use fewer or shorter windows, or a longer text',
  });
}
