/** Waveforms to look at: recorded from a simulation or read from a VCD, drawn as text, SVG or WaveJSON. */
export { type Radix, radices, showValue } from './format.ts';
export { readVcd, type VcdWindow } from './read-vcd.ts';
export { waveSvg } from './svg.ts';
export { type WaveTextOptions, waveText } from './text.ts';
export { probesOf, type Recorder, recordTrace, type Trace, type TraceProbe, type TraceSignal } from './trace.ts';
export { waveJson } from './wavejson.ts';
