// A worker's entry must be plain JavaScript: Node 20 does not apply `--import tsx` in a worker's execArgv.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
