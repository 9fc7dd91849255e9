/** An expression that cannot be used. The message shows the line and points at the column with a caret. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;

  /** @param problem continues the sentence "the expression …" */
  constructor(problem: string, text: string, offset: number) {
    const before = text.slice(0, offset).split("\n");
    const line = before.length;
    const column = (before.at(-1) ?? "").length + 1;
    super(`${problem} at line ${line}, column ${column}:\n${excerpt(text.split("\n")[line - 1] ?? "", column)}`);
    this.line = line;
    this.column = column;
  }
}

/** Characters of the line that are shown on either side of the place. */
const AROUND = 60;

function excerpt(line: string, column: number): string {
  const start = Math.max(0, column - 1 - AROUND);
  const shown = line.slice(start, column - 1 + AROUND).replaceAll("\t", " ");
  const prefix = start > 0 ? "…" : "";
  return `  ${prefix}${shown}\n  ${" ".repeat(prefix.length + column - 1 - start)}^`;
}
