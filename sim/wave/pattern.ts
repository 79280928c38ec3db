/** Patterns for hierarchical names. */

/** Whether a path, or the part of it after some dot, is `pattern`, in which `*` stands for any characters. */
export function matcher(pattern: string): (path: string) => boolean {
  const body = pattern
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('.*');
  const expression = new RegExp(`^(?:.*\\.)?${body}$`);
  return (path) => expression.test(path);
}
