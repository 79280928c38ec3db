/** One line of progress: rewritten in place on a terminal, one line at a time and not too often elsewhere. */
export function progressOn(stream: NodeJS.WriteStream): { show: (line: string) => void; end: () => void } {
  let open = false;
  let last = 0;
  return {
    show: (line) => {
      if (stream.isTTY) {
        stream.write(`\r\x1b[2K${line.slice(0, stream.columns - 1)}`);
        open = true;
        return;
      }
      const now = Date.now();
      if (now - last < 2000) return;
      last = now;
      stream.write(`${line}\n`);
    },
    end: () => {
      if (open) stream.write('\r\x1b[2K');
      open = false;
    },
  };
}
