/**
 * Python's methods of a text, by name: of code points, not of UTF-16 units. The first argument is the text. What Python
 * answers with an exception is undefined.
 */
export type TextMethod = (text: string, ...args: readonly unknown[]) => unknown;

/** Characters that a method may make of a text: a few replacements in a row could otherwise fill the memory. */
export const MAX_RESULT_CHARACTERS = 1_048_576;

const SPACE = "\\p{Zs}\\x09-\\x0d\\x1c-\\x1f\\x85\\u2028\\u2029";
const SPACES = new RegExp(`[${SPACE}]+`, "u");
const SPACES_BEFORE = new RegExp(`^[${SPACE}]+`, "u");
const LINE_ENDS = "\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029";
const LINE_END = new RegExp(`\\r\\n|[${LINE_ENDS}]`);
/** What Unicode calls a digit that is no decimal one: superscripts, circled digits and such. */
const OTHER_DIGITS =
  "\\u{b2}-\\u{b3}\\u{b9}\\u{1369}-\\u{1371}\\u{19da}\\u{2070}\\u{2074}-\\u{2079}\\u{2080}-\\u{2089}\\u{2460}-\\u{2468}\\u{2474}-\\u{247c}\\u{2488}-\\u{2490}\\u{24ea}\\u{24f5}-\\u{24fd}\\u{24ff}\\u{2776}-\\u{277e}\\u{2780}-\\u{2788}\\u{278a}-\\u{2792}\\u{10a40}-\\u{10a43}\\u{10e60}-\\u{10e68}\\u{11052}-\\u{1105a}\\u{1f100}-\\u{1f10a}";

/** Whether a value is what Python calls None; what the record does not have stands for it too. */
export function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** An index of Python: an integer, or a boolean that counts as one; `none` for None. */
function indexOr(value: unknown, none: number): number | undefined {
  if (isNone(value)) return none;
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

/** The part that Python's `[start:end]` takes. */
export function sliceOf<T>(items: readonly T[], start: unknown, end: unknown): readonly T[] | undefined {
  const [from, to] = [indexOr(start, 0), indexOr(end, items.length)];
  return from === undefined || to === undefined ? undefined : items.slice(from, to);
}

/** Where a search from start to end looks, and how many characters lie before; "nowhere" when start is behind end. */
function windowOf(
  text: string,
  start: unknown,
  end: unknown,
): { readonly before: number; readonly part: string } | "nowhere" | undefined {
  const characters = Array.from(text);
  const [first, last] = [indexOr(start, 0), indexOr(end, characters.length)];
  if (first === undefined || last === undefined) return undefined;
  const from = first < 0 ? Math.max(0, first + characters.length) : first;
  const to = last < 0 ? Math.max(0, last + characters.length) : Math.min(last, characters.length);
  return from > to ? "nowhere" : { before: from, part: characters.slice(from, to).join("") };
}

function find(search: (part: string, sub: string) => number, missing: -1 | undefined): TextMethod {
  return (text, sub, start, end) => {
    const place = windowOf(text, start, end);
    if (typeof sub !== "string" || place === undefined) return undefined;
    const at = place === "nowhere" ? -1 : search(place.part, sub);
    if (place === "nowhere" || at < 0) return missing;
    return place.before + Array.from(place.part.slice(0, at)).length;
  };
}

function tail(matches: (part: string, sub: string) => boolean): TextMethod {
  return (text, subs, start, end) => {
    const place = windowOf(text, start, end);
    const list: readonly unknown[] = Array.isArray(subs) ? subs : [subs];
    if (place === undefined) return undefined;
    for (const sub of list) {
      if (typeof sub !== "string") return undefined;
      if (place !== "nowhere" && matches(place.part, sub)) return true;
    }
    return false;
  };
}

const count: TextMethod = (text, sub, start, end) => {
  const place = windowOf(text, start, end);
  if (typeof sub !== "string" || place === undefined) return undefined;
  if (place === "nowhere") return 0;
  return sub === "" ? Array.from(place.part).length + 1 : place.part.split(sub).length - 1;
};

function strip(left: boolean, right: boolean): TextMethod {
  return (text, chars) => {
    if (!isNone(chars) && typeof chars !== "string") return undefined;
    const goes = typeof chars === "string" ? new Set(chars) : undefined;
    const drops = (character = "") => (goes === undefined ? SPACES.test(character) : goes.has(character));
    const characters = Array.from(text);
    let [start, end] = [0, characters.length];
    while (left && start < end && drops(characters[start])) start += 1;
    while (right && end > start && drops(characters[end - 1])) end -= 1;
    return characters.slice(start, end).join("");
  };
}

const replace: TextMethod = (text, from, to, times) => {
  const limit = indexOr(times, Number.NaN);
  if (typeof from !== "string" || typeof to !== "string" || limit === undefined || Number.isNaN(limit))
    return undefined;
  // An empty text stands before every character and at the end.
  const parts = from === "" ? ["", ...text, ""] : text.split(from);
  const changes = Math.min(limit < 0 ? Number.POSITIVE_INFINITY : limit, parts.length - 1);
  if (text.length + changes * to.length > MAX_RESULT_CHARACTERS) return undefined;
  return (
    parts.slice(0, changes + 1).join(to) +
    parts
      .slice(changes + 1)
      .map((part) => from + part)
      .join("")
  );
};

/** The pieces from the left, at most `limit` of them cut off, and the rest. */
function splitLeft(text: string, separator: string | RegExp, limit: number): readonly string[] {
  const pieces: string[] = [];
  let rest = text;
  while (pieces.length < limit) {
    const at = typeof separator === "string" ? rest.indexOf(separator) : rest.search(separator);
    if (at < 0) break;
    const width = typeof separator === "string" ? separator.length : (separator.exec(rest)?.[0].length ?? 0);
    pieces.push(rest.slice(0, at));
    rest = rest.slice(at + width);
  }
  return [...pieces, rest];
}

const reversed = (text: string) => Array.from(text).reverse().join("");

function split(fromRight: boolean): TextMethod {
  return (text, separator, times) => {
    const limit = indexOr(times, -1);
    if (limit === undefined || separator === "" || !(isNone(separator) || typeof separator === "string"))
      return undefined;
    const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    const turn = fromRight ? reversed : (part: string) => part;
    const turned = turn(text);
    if (typeof separator === "string") {
      const pieces =
        most === Number.POSITIVE_INFINITY ? turned.split(turn(separator)) : splitLeft(turned, turn(separator), most);
      return fromRight ? pieces.map(turn).reverse() : pieces;
    }
    // Without a separator, spaces are cut, and those around the whole are none.
    const bare = turned.replace(SPACES_BEFORE, "");
    if (bare === "") return [];
    const pieces = splitLeft(bare, SPACES, most);
    const kept = pieces.at(-1) === "" ? pieces.slice(0, -1) : pieces;
    return fromRight ? kept.map(turn).reverse() : kept;
  };
}

function splitlines(text: string): readonly string[] {
  const lines = text.split(LINE_END);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

const join: TextMethod = (text, items) => {
  const list: readonly unknown[] =
    typeof items === "string" ? Array.from(items) : Array.isArray(items) ? items : [null];
  const texts = list.filter((item) => typeof item === "string");
  if (texts.length < list.length) return undefined;
  const length = texts.reduce((sum, item) => sum + item.length + text.length, 0);
  return length > MAX_RESULT_CHARACTERS ? undefined : texts.join(text);
};

function each(characters: string): TextMethod {
  const pattern = new RegExp(`^[${characters}]+$`, "u");
  return (text) => pattern.test(text);
}

/** Whether some character is of one case, and none of another; those without case do not count. */
function cased(has: string, other: string): TextMethod {
  const [some, none] = [new RegExp(`\\p{${has}}`, "u"), new RegExp(`[\\p{${other}}\\p{Lt}]`, "u")];
  return (text) => some.test(text) && !none.test(text);
}

/** Every method of a text that a rule may call, but `startswith`, `endswith`, `lower` and `upper`, which Jexl has too. */
export const TEXT_METHODS = {
  count,
  endswith: tail((part, sub) => part.endsWith(sub)),
  find: find((part, sub) => part.indexOf(sub), -1),
  index: find((part, sub) => part.indexOf(sub), undefined),
  isalnum: each("\\p{L}\\p{N}"),
  isalpha: each("\\p{L}"),
  isascii: (text) => /^\p{ASCII}*$/u.test(text),
  isdecimal: each("\\p{Nd}"),
  isdigit: each(`\\p{Nd}${OTHER_DIGITS}`),
  islower: cased("Lowercase", "Uppercase"),
  isspace: each(SPACE),
  isupper: cased("Uppercase", "Lowercase"),
  join,
  lstrip: strip(true, false),
  removeprefix: (text, sub) =>
    typeof sub !== "string" ? undefined : text.startsWith(sub) ? text.slice(sub.length) : text,
  removesuffix: (text, sub) =>
    typeof sub !== "string" ? undefined : text.endsWith(sub) ? text.slice(0, text.length - sub.length) : text,
  replace: (text, from, to, times = -1) => replace(text, from, to, times),
  rfind: find((part, sub) => part.lastIndexOf(sub), -1),
  rindex: find((part, sub) => part.lastIndexOf(sub), undefined),
  rsplit: split(true),
  rstrip: strip(false, true),
  split: split(false),
  splitlines,
  startswith: tail((part, sub) => part.startsWith(sub)),
  strip: strip(true, true),
} satisfies Readonly<Record<string, TextMethod>>;
