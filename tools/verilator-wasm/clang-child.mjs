// A process that compiles C++ to WebAssembly. One request: { args, files }; one answer: { files } or { log }.
// Apart from the caller because it blocks its thread for seconds, takes 600 MB, and wants V8 flags of its own (clang.ts).
import { commands, Exit } from '@yowasp/clang';

const quiet = { fetchProgress: () => {}, decodeASCII: false, stdout: () => {} };

// The toolchain is loaded at once, while the caller is still busy with Verilator.
const ready = commands['clang++'](null, {}, quiet);

process.on('message', async ({ args, files, output }) => {
  const log = [];
  const stderr = (bytes) => bytes && log.push(Buffer.from(bytes));
  try {
    await ready;
    const result = await commands['clang++'](args, files, { ...quiet, stderr });
    process.send({ result: result[output] });
  } catch (error) {
    const crash = error instanceof Exit ? '' : `${error}\n`;
    process.send({ log: Buffer.concat(log).toString() + crash });
  }
});
process.on('disconnect', () => process.exit());
