import { openChannel } from './channel.ts';
import { stoppedProblem } from './drive.ts';
import type { Interface } from './harness.ts';
import type { Engine } from './model.ts';

const HELLO = 0x706f7073;
const EVAL = 0;
const TICK = 1;
const REPLAY = 2;
const STEP = 3;

const bytesOf = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/** Starts the compiled program (harness.ts). `directory`: what $readmemh may read. */
export function startNative(program: string, directory: string, request: Interface): Engine {
  const stopped = () => stoppedProblem(request, 'the program ended');
  const channel = openChannel({ program, args: [], directory, stopped });
  const hello = new Uint32Array(1);
  channel.receive(bytesOf(hello));
  if (hello[0] !== HELLO) throw stopped();
  const none = new Uint32Array(0);
  const call = (
    operation: number,
    argument: number,
    inputs: Uint32Array,
    outputs: Uint32Array,
    clocks: Uint32Array = none,
  ) => {
    const message = new Uint32Array(2 + inputs.length + clocks.length);
    message.set([operation, argument]);
    message.set(inputs, 2);
    message.set(clocks, 2 + inputs.length);
    channel.send(bytesOf(message));
    channel.receive(bytesOf(outputs));
  };
  return {
    eval: (inputs, outputs) => call(EVAL, 0, inputs, outputs),
    tick: (inputs, clocks, outputs) => call(TICK, clocks, inputs, outputs),
    replay: (inputs, clocks, outputs) => call(REPLAY, clocks.length, inputs, outputs, clocks),
    step: (inputs, cycles, clocks, outputs) => call(STEP, cycles, inputs, outputs, Uint32Array.of(clocks)),
    close: () => channel.close(),
  };
}
