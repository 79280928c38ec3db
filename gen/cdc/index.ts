/** Values from one clock domain to another, and the constraints that go with them. */
export { type ConstraintFormat, constraints } from './constraints.ts';
export { type CrossingPath, crossings, type Endpoint } from './crossings.ts';
export { type AsyncFifoOptions, asyncFifo } from './fifo.ts';
export { toGray } from './gray.ts';
export { type CrossingInterface, handshake } from './handshake.ts';
export type { CrossingOptions } from './parameter.ts';
export { type PulseInterface, pulse } from './pulse.ts';
export { type SynchroniserInterface, type SynchroniserOptions, synchroniser } from './synchroniser.ts';
