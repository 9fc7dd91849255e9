import { ExpressionError } from "#expression/expression-error.ts";

/** A construct of Python that is never translated, known by its syntax alone. What it is says that the text is Python. */
export class OutsideError extends ExpressionError {}
