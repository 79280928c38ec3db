/** Fmax of eight lanes on ECP5, and of the same lanes without registers between their stages. */
import type { Design } from '../../gen/index.ts';
import { rowUnit } from '../../hw/scan/row.ts';
import { findNextpnr, inHarness, type PlacedRouted, placeAndRoute, synthesize } from '../../sim/index.ts';
import { parameters } from './area.ts';

/** A register without enable is a stage of the pipeline: it becomes a wire. What adds up over a row has an enable and stays. */
const wires = `module \\$dff (CLK, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  input CLK;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  assign Q = D;
endmodule
module \\$sdff (CLK, SRST, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter SRST_POLARITY = 1;
  parameter SRST_VALUE = 0;
  input CLK, SRST;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  assign Q = D;
endmodule
`;

export interface Frequencies {
  readonly nextpnr: string;
  readonly pipelined: PlacedRouted;
  readonly unpipelined: PlacedRouted;
}

/** A row of 8 lanes, between registers; undefined without nextpnr. */
export async function laneFrequencies(progress: (line: string) => void): Promise<Frequencies | undefined> {
  const nextpnr = await findNextpnr('ecp5');
  if (nextpnr === undefined) return undefined;
  const row = rowUnit(parameters(8, 1)).design as Design;
  const printed = inHarness(row);
  const place = async (what: string, before: string): Promise<PlacedRouted> => {
    progress(`yosys and nextpnr: ${what}`);
    const { netlist } = await synthesize(printed, { target: 'ecp5', before, files: { 'wires.v': wires } });
    return placeAndRoute(nextpnr, netlist);
  };
  const pipelined = await place('8 lanes', '');
  const flat = `proc\nopt_dff\ntechmap -map wires.v ${row.module.name}\nopt_clean`;
  const unpipelined = await place('8 lanes without pipeline registers', flat);
  return { nextpnr: nextpnr.version, pipelined, unpipelined };
}
