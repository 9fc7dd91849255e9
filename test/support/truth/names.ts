let made = 0;

/** A name that nothing else of this process has, such as "group-4711-3". */
export function newName(kind: string): string {
  made += 1;
  return `${kind}-${process.pid}-${made}`;
}
