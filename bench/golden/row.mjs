// A process's entry must be plain JavaScript; the parent asks for one row and kills the process when it has the report.
import { register } from 'tsx/esm/api';

register();
await import('./row.ts');
