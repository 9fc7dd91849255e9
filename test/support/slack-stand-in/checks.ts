/** A JSON object whose properties are still unknown. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Slack would not post the message: `word` is its answer, the message says where and why. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly word: string;

  constructor(word: string, message: string) {
    super(message);
    this.word = word;
  }
}

/** Tells whether a value is a JSON object (neither null nor a list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws {@link Refused} with `invalid_blocks`, Slack's answer to everything that is wrong inside of a block. */
export function invalidBlocks(at: string, problem: string): never {
  throw new Refused("invalid_blocks", `${at}: ${problem}`);
}

/**
 * Length of a text in characters (code points) as Slack counts it: after `&`, `<` and `>` became `&amp;`, `&lt;` and
 * `&gt;`. What is escaped already, and in mrkdwn the brackets of `<url|label>`, count as they were sent.
 */
export function slackLength(text: string, isMrkdwn: boolean): number {
  const escaped = text.replace(
    isMrkdwn ? /<[^<>]+>|&(?!(?:amp|lt|gt);)|[<>]/g : /&(?!(?:amp|lt|gt);)|[<>]/g,
    (found) => {
      if (found === "&") return "&amp;";
      return found.length === 1 ? "&lt;" : found;
    },
  );
  return [...escaped].length;
}

/** The value as an object; throws {@link Refused} if it is something else or has a property that is not listed. */
export function objectOf(value: unknown, at: string, allowed: readonly string[]): JsonObject {
  if (!isObject(value)) return invalidBlocks(at, "must be an object");
  const extra = Object.keys(value).find((key) => key !== "type" && !allowed.includes(key));
  return extra === undefined ? value : invalidBlocks(at, `invalid additional property: ${extra}`);
}

/** The value as a list of 1 to `max` items; throws {@link Refused} otherwise. */
export function listOf(value: unknown, at: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) return invalidBlocks(at, "must be a list");
  if (value.length < 1 || value.length > max) return invalidBlocks(at, `must have 1 to ${max} items`);
  return value;
}

/** The value as a string of 1 to `max` characters; throws {@link Refused} otherwise. */
export function stringOf(value: unknown, at: string, max: number): string {
  if (typeof value !== "string") return invalidBlocks(at, "must be a string");
  if (value === "" || [...value].length > max) return invalidBlocks(at, `must have 1 to ${max} characters`);
  return value;
}

/** Checks a string as {@link stringOf} does if it is there at all. */
export function optionalString(value: unknown, at: string, max: number): void {
  if (value !== undefined) stringOf(value, at, max);
}

/** Checks that a value is an absolute URL of at most 3,000 characters; throws {@link Refused} otherwise. */
export function checkUrl(value: unknown, at: string): void {
  if (!URL.canParse(stringOf(value, at, 3000))) invalidBlocks(at, "must be an absolute URL");
}

/** Checks one of the words; throws {@link Refused} otherwise. */
export function checkWord(value: unknown, at: string, words: readonly unknown[]): void {
  if (!words.includes(value)) invalidBlocks(at, `must be one of ${words.join(", ")}`);
}

/** Checks true or false if it is there at all; throws {@link Refused} otherwise. */
export function optionalBoolean(value: unknown, at: string): void {
  if (value !== undefined) checkWord(value, at, [true, false]);
}

/**
 * Checks a text object and returns its length in characters (1 to `max`); throws {@link Refused} otherwise.
 * https://docs.slack.dev/reference/block-kit/composition-objects/text-object
 */
export function textObjectLength(value: unknown, at: string, max: number, types: readonly string[]): number {
  const type = isObject(value) ? value.type : undefined;
  checkWord(type, `${at}/type`, types);
  const text = objectOf(value, at, ["text", type === "mrkdwn" ? "verbatim" : "emoji"]);
  optionalBoolean(text.verbatim ?? text.emoji, at);
  if (typeof text.text !== "string") return invalidBlocks(at, "text must be a string");
  const length = slackLength(text.text, type === "mrkdwn");
  return length >= 1 && length <= max ? length : invalidBlocks(at, `text must have 1 to ${max} characters`);
}
