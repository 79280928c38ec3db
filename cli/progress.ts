/** One line of progress on stderr: rewritten in place on a terminal, one line at a time and not too often elsewhere. */
import type { Io } from './io.ts';

/** Milliseconds between lines where they cannot be rewritten. */
const pause = 2000;

export function progressOn({ err, statusWidth }: Io): { show: (line: string) => void; end: () => void } {
  let open = false;
  let last = Number.NEGATIVE_INFINITY;
  return {
    show: (line) => {
      if (statusWidth !== undefined) {
        err(`\r\x1b[2K${line.slice(0, statusWidth - 1)}`);
        open = true;
        return;
      }
      const now = performance.now();
      if (now - last < pause) return;
      last = now;
      err(`${line}\n`);
    },
    end: () => {
      if (open) err('\r\x1b[2K');
      open = false;
    },
  };
}
