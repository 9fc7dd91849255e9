import fc from "fast-check";

/** How a value is written: decisions are taken from these numbers in turn, so that one list gives one text. */
export type Style = readonly number[];

/** Styles from CloudTrail's own to the strangest. */
export const styles: fc.Arbitrary<Style> = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.array(fc.nat(400), { minLength: 1, maxLength: 12 }) },
);

const SPACES = ["", "", "", " ", "\n", "\t\r\n  "];

/** Writes a value as JSON of a style: white space, escapes that need not be, and keys that come twice. */
export function written(value: unknown, style: Style): string {
  let at = 0;
  const next = (end: number) => (style[at++ % style.length] ?? end - 1) % end;
  const isPlain = style.length === 0;
  const space = () => (isPlain ? "" : (SPACES[next(SPACES.length * 4)] ?? ""));
  const text = (plain: string): string => {
    const usual = JSON.stringify(plain);
    if (isPlain || next(12) > 0 || plain === "") return usual;
    const escaped = plain.charCodeAt(0).toString(16).padStart(4, "0");
    return `"\\u${escaped}${JSON.stringify(plain.slice(1)).slice(1)}`;
  };
  const member = (key: string, each: unknown) => `${space()}${text(key)}${space()}:${space()}${write(each)}${space()}`;
  const write = (each: unknown): string => {
    if (typeof each === "string") return text(each);
    if (typeof each !== "object" || each === null) return JSON.stringify(each) ?? "null";
    if (Array.isArray(each)) return `[${space()}${each.map(write).join(`${space()},${space()}`)}]`;
    const members = Object.entries(each).flatMap(([key, item]) => {
      const twice = isPlain || next(15) > 0 ? [] : [member(key, ["before", null, {}, 7, [1], item][next(6)])];
      return [...twice, member(key, item)];
    });
    return `{${members.join(",")}${members.length === 0 ? space() : ""}}`;
  };
  return `${space()}${write(value)}${space()}`;
}

/** What stands around the records of a file. */
export const frames: fc.Arbitrary<(records: readonly string[]) => string> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((records: readonly string[]) => `{"Records":[${records.join(",")}]}`) },
  fc.constantFrom(
    (records: readonly string[]) => `[${records.join(",")}]`,
    (records: readonly string[]) => `\uFEFF{"Records":[${records.join(",")}]}`,
    (records: readonly string[]) => ` { "other" : {"Records":[1]}, "Records" : [${records.join(" , ")}\n] , "x": 1} `,
    (records: readonly string[]) => `{"\\u0052ecords":[${records.join(",")}]}`,
    (records: readonly string[]) => `{"Records":[{},${records.join(",")},null,[],"x",1]}`,
  ),
);
