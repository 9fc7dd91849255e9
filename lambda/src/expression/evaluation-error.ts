/**
 * A value that an expression may not be asked about, such as a text beyond a bound. The message quotes nothing of the
 * record, so it may be told to people.
 */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
}
