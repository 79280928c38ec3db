/** Elements for ready/valid streams. */
export { type ArbiterInterface, type ArbiterOptions, arbiter } from './arbiter.ts';
export {
  type AxiFields,
  type AxiPayload,
  type AxiSignal,
  axiSink,
  axiSource,
  fromAxiStream,
  toAxiStream,
} from './axi.ts';
export { wordsFromAxiStream, wordsToAxiStream } from './axi-words.ts';
export { type StreamCheckerInterface, streamChecker } from './checker.ts';
export { connect, through, watch } from './connect.ts';
export { type FifoInterface, type FifoOptions, fifo } from './fifo.ts';
export { type ForkInterface, fork } from './fork.ts';
export { type Joined, type JoinInterface, join } from './join.ts';
export { narrow } from './narrow.ts';
export { registerSlice } from './register-slice.ts';
export { skidBuffer } from './skid-buffer.ts';
export type { Stage } from './stage.ts';
export { keep, type Units, units, type WidthOptions, type Words, widen, words } from './widen.ts';
