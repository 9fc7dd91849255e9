import { InvalidArgumentError } from "commander";

/** Reads an option that counts something: a whole number from 1 to `max`. */
export function wholeNumber(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
    throw new InvalidArgumentError(
      `it must be a whole number from 1${max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : ""}`,
    );
  };
}
