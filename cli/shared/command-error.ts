/** A command cannot do what it was asked. The message says what failed, on what, and what to do; it is shown as it is. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
