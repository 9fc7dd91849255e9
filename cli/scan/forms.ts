import { LogFileError } from "#model/errors.ts";

/** How a log file of CloudTrail begins, and how a list of records does. */
const KNOWN = /^\s*(\[|\{\s*"Records"\s*:)/;
/** Enough to see that. */
const GLANCE_BYTES = 256;
/** Enough to see whether another file is one record, or one in each line. */
const LOOK_BYTES = 2 ** 20;
const NEWLINE = 0x0a;

/** The end of a sentence about a file in which no records are. */
const NO_RECORDS = 'has no list "Records"';

/**
 * The unpacked text of a file in the form of a log file: one record becomes a list of one, a record in each line becomes
 * a list. Everything else passes as it is. Keeps no more than a line within {@link LOOK_BYTES}.
 * @throws LogFileError when it is JSON and no record; and what `bytes` throws, behind what came before it
 */
export async function* asList(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array();
  let ended = false;
  let fault: { readonly error: unknown } | undefined;
  const readTo = async (length: number) => {
    const parts = [head];
    let have = head.length;
    while (!ended && have < length) {
      try {
        const next = await source.next();
        if (next.done) ended = true;
        else parts.push(next.value);
        have += next.done ? 0 : next.value.length;
      } catch (error) {
        ended = true;
        fault = { error };
      }
    }
    head = Buffer.concat(parts);
  };
  const all = async function* () {
    yield head;
    if (fault !== undefined) throw fault.error;
    if (!ended) yield* { [Symbol.asyncIterator]: () => source };
  };
  try {
    await readTo(GLANCE_BYTES);
    if (KNOWN.test(textOf(head.subarray(0, GLANCE_BYTES)))) return yield* all();
    await readTo(LOOK_BYTES);
    const whole = ended && fault === undefined ? objectOf(textOf(head)) : undefined;
    if (whole !== undefined) {
      if ("Records" in whole) return yield* all();
      if (!isRecord(whole)) throw new LogFileError(`${name} ${NO_RECORDS}`, { damaged: true });
      yield bytesOf(`[${textOf(head)}]`);
      return;
    }
    const first = firstLine(head);
    if (first === undefined) return yield* all();
    if (!isRecord(first)) throw new LogFileError(`${name} ${NO_RECORDS}`, { damaged: true });
    yield* listOfLines(all());
  } finally {
    await source.return?.();
  }
}

/** Whether a file could not be read because it holds no records, as digest files and other JSON. */
export function holdsNoRecords(error: unknown): boolean {
  return error instanceof LogFileError && error.message.endsWith(NO_RECORDS);
}

/** A line that is no JSON costs itself alone: a word stands for it that is none either. */
async function* listOfLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let separator = "[";
  const element = (line: Uint8Array) => {
    const text = textOf(line).trim();
    if (text === "") return new Uint8Array();
    const given = `${separator}${isJson(text) ? text : "x"}`;
    separator = ",";
    return bytesOf(given);
  };
  for await (const line of linesOf(bytes)) yield element(line);
  yield bytesOf(separator === "[" ? "[]" : "]");
}

/** Lines without their ends; a longer one than {@link LOOK_BYTES} is cut, so that it is no JSON any more. */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const take = (part: Uint8Array) => {
    if (length <= LOOK_BYTES) parts.push(part);
    length += part.length;
  };
  const line = () => {
    const whole = length > LOOK_BYTES ? bytesOf("x") : Buffer.concat(parts);
    parts = [];
    length = 0;
    return whole;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, end));
      yield line();
      from = end + 1;
    }
    take(chunk.subarray(from));
  }
  yield line();
}

/** The object in the first line that is not empty, where something comes behind it. */
function firstLine(head: Uint8Array): object | undefined {
  const [line, ...more] = textOf(head).trimStart().split("\n", 2);
  return more.length === 0 ? undefined : objectOf(line ?? "");
}

/** Files of other tools, which are JSON too, are told from records by what every record has. */
function isRecord(value: object): boolean {
  return "eventName" in value || "insightDetails" in value || ("eventCategory" in value && "eventType" in value);
}

function objectOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString("utf8")
    .replace(/^\ufeff/, "");
}
