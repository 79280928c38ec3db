import { type Interface, rowsPerCall, rowWords } from './harness.ts';
import type { Engine, VerilatedModel } from './model.ts';
import { VerilatorProblem } from './problem.ts';

/** A model on top of an engine: the packed ports, rows cut into calls, and an end that happens once. */
export function drive(engine: Engine, version: string, how: 'wasm' | 'native', request: Interface): VerilatedModel {
  const inputWords = rowWords(request.ports, 'input');
  const outputWords = rowWords(request.ports, 'output');
  const perCall = rowsPerCall(request);
  const inputs = new Uint32Array(inputWords);
  const outputs = new Uint32Array(outputWords);
  const { top } = request;
  let closed = false;

  const refuse = (what: string, expected: string, found: string, remedy: string) =>
    new VerilatorProblem({ status: 2, id: 'model-use', what, where: `model of ${top}`, expected, found, remedy });
  const checkOpen = () => {
    if (closed) throw refuse('a closed model was used', 'no call after close()', 'one', 'make a new instance');
  };

  return {
    version,
    how,
    inputs,
    outputs,
    eval() {
      checkOpen();
      engine.eval(inputs, outputs);
    },
    tick(mask = 1) {
      checkOpen();
      engine.tick(inputs, mask, outputs);
    },
    replay(rows, cycles, masks = 1) {
      checkOpen();
      if (!Number.isInteger(cycles) || cycles < 0 || rows.length !== cycles * inputWords) {
        const expected = `${cycles} rows of ${inputWords} words: ${cycles * inputWords} words`;
        throw refuse(
          'replay() got rows of another size',
          expected,
          `${rows.length} words`,
          'pack the rows like `inputs`',
        );
      }
      const edges = typeof masks === 'number' ? new Uint32Array(cycles).fill(masks) : masks;
      if (edges.length !== cycles) {
        const expected = `${cycles} masks`;
        throw refuse('replay() got other clocks', expected, `${edges.length} masks`, 'give one mask of clocks per row');
      }
      const sampled = new Uint32Array(cycles * outputWords);
      for (let first = 0; first < cycles; first += perCall) {
        const last = Math.min(cycles, first + perCall);
        engine.replay(
          rows.subarray(first * inputWords, last * inputWords),
          edges.subarray(first, last),
          sampled.subarray(first * outputWords, last * outputWords),
        );
      }
      return sampled;
    },
    step(cycles, mask = 1) {
      checkOpen();
      engine.step(inputs, cycles, mask, outputs);
    },
    close() {
      if (closed) return;
      closed = true;
      engine.close();
    },
  };
}

/** The model itself stopped: a fatal error in the Verilog ($stop, $fatal, an endless loop of events), or a crash. */
export function stoppedProblem(request: Interface, found: string): VerilatorProblem {
  return new VerilatorProblem({
    status: 2,
    id: 'model-stopped',
    what: 'the model stopped by itself',
    where: `model of ${request.top}`,
    expected: 'a design that runs until it is closed',
    found,
    remedy:
      'see what the design printed on stderr; look for $stop, $fatal, $finish, a missing file or a combinational loop',
  });
}
