/** What goes wrong with a design in somebody else's simulator. */
import { SimProblem } from './engine.ts';

/** The tool does not take what was printed. */
export const noCompile = (tool: string, log: string): SimProblem =>
  new SimProblem({
    id: 'verilog-refused',
    what: `${tool} does not compile the Verilog`,
    where: /^\S+:\d+/m.exec(log)?.[0] ?? tool,
    expected: 'exit status 0',
    found: log.trim().slice(0, 2000),
    remedy: 'correct the Verilog; if popscan printed it, report it with the design',
  });

/** The simulation ended by itself. */
export const stopped = (engine: string, top: string): SimProblem =>
  new SimProblem({
    id: 'engine-stopped',
    what: `${engine} stopped by itself`,
    where: `model of ${top}`,
    expected: 'a design that runs until it is closed',
    found: 'its program ended',
    remedy: 'see what it printed on stderr; look for $finish, $fatal or a missing file',
  });

/** A native model was asked for. */
export const noCompiler = (found: string): SimProblem =>
  new SimProblem({
    status: 3,
    id: 'compiler-missing',
    what: 'a native model was asked for and cannot be built here',
    where: 'PATH',
    expected: 'a C++ compiler',
    found,
    remedy: "install one (Debian: `apt-get install g++`), or ask for 'wasm', which needs none",
  });
