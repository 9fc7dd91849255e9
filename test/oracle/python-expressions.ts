import fc from "fast-check";

const LEAVES = ["errorCode", "readOnly", "a.b", "a.c.0", "a.c.1.d"] as const;
/** Of these, one is no field of CloudTrail's, so it may be anything, and one is what the others lie in. */
const KEYS = [...LEAVES, "eventName", "other", "a"] as const;
const TEXTS = [
  "",
  "a",
  "ab",
  "b",
  "A",
  "1",
  "22",
  " a b ",
  "aXbXc",
  "\u{1F600}a",
  "a/b/a",
  "\\",
  "it's",
  "\uffff",
] as const;
const SCALARS = [...TEXTS, 0, 1, 2, 22, -1, 1.5, true, false, null] as const;

/** As Python writes it. */
function written(value: string | number | boolean | null): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

const text = fc.constantFrom(...TEXTS).map(written);
const constant = fc.constantFrom(...SCALARS).map(written);
const small = fc.constantFrom("0", "1", "2", "-1", "5");
const key = fc.constantFrom(...KEYS).map(written);
const field = fc.oneof(
  key.map((name) => `event[${name}]`),
  key.map((name) => `event.get(${name})`),
  fc.tuple(key, constant).map(([name, other]) => `event.get(${name}, ${other})`),
);

type Parts = { readonly value: string; readonly truth: string };

/** Any expressions of the grammar, with and without sense. */
const { value, truth } = fc.letrec<Parts>((tie) => {
  const [value, truth] = [tie("value"), tie("truth")];
  const of = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts);
  const texts = fc.array(text, { minLength: 1, maxLength: 3 }).map((items) => items.join(", "));
  const list = fc.array(value, { maxLength: 3 });
  const listed = list.map((items) => `[${items.join(", ")}]`);
  const receiver = fc.oneof(
    { arbitrary: field, weight: 3 },
    { arbitrary: value.map((inner) => `(${inner})`), weight: 1 },
  );
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { arbitrary: field, weight: 6 },
      { arbitrary: constant, weight: 3 },
      { arbitrary: truth.map((inner) => `(${inner})`), weight: 1 },
      { arbitrary: of(value, value).map(([a, b]) => `(${a} or ${b})`), weight: 1 },
      { arbitrary: of(value, value).map(([a, b]) => `(${a} and ${b})`), weight: 1 },
      { arbitrary: of(value, truth, value).map(([a, test, b]) => `(${a} if ${test} else ${b})`), weight: 1 },
      { arbitrary: of(key, value).map(([name, other]) => `event.get(${name}, ${other})`), weight: 1 },
      {
        arbitrary: of(value, fc.constantFrom("+", "-", "/", "//"), value).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
        weight: 1,
      },
      {
        arbitrary: of(fc.constantFrom("len", "int"), value, small).map(([name, a, b]) => `(${name}(${a}) % ${b})`),
        weight: 1,
      },
      { arbitrary: of(fc.constantFrom("-", "+"), receiver).map(([sign, a]) => `${sign}${a}`), weight: 1 },
      {
        arbitrary: of(
          fc.constantFrom(
            "lower()",
            "upper()",
            "strip()",
            "strip('a ')",
            "lstrip()",
            "rstrip('b')",
            "split()[0]",
            "split('/')[1]",
            "rsplit('X', 1)[0]",
            "split('X')[-1:]",
            "splitlines()[0]",
            "removeprefix('a')",
            "removesuffix('b')",
            "replace('a', 'b')",
            "replace('', '-', 1)",
          ),
          receiver,
        ).map(([call, a]) => `${a}.${call}`),
        weight: 2,
      },
      {
        arbitrary: of(
          fc.constantFrom("find", "rfind", "index", "rindex", "count"),
          receiver,
          fc.oneof(text, value),
          small,
        ).map(([name, a, b, start]) => `${a}.${name}(${b}, ${start})`),
        weight: 1,
      },
      { arbitrary: of(receiver, small).map(([a, index]) => `${a}[${index}]`), weight: 1 },
      { arbitrary: of(receiver, small, small).map(([a, start, end]) => `${a}[${start}:${end}]`), weight: 1 },
      { arbitrary: of(receiver, small).map(([a, end]) => `${a}[:${end}]`), weight: 1 },
      { arbitrary: of(receiver, value).map(([a, start]) => `${a}[${start}:]`), weight: 1 },
      {
        arbitrary: of(fc.constantFrom("len", "str", "int", "float", "bool", "abs", "round"), value).map(
          ([name, a]) => `${name}(${a})`,
        ),
        weight: 2,
      },
      {
        arbitrary: of(fc.constantFrom("max", "min"), value, value).map(([name, a, b]) => `${name}(${a}, ${b})`),
        weight: 1,
      },
      {
        arbitrary: of(fc.constantFrom("max", "min", "sum", "len"), listed).map(([name, a]) => `${name}(${a})`),
        weight: 1,
      },
      { arbitrary: of(listed, small).map(([a, index]) => `sorted(${a})[${index}]`), weight: 1 },
      { arbitrary: of(text, listed).map(([a, items]) => `${a}.join(${items})`), weight: 1 },
    ),
    truth: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      {
        arbitrary: of(field, fc.constantFrom("==", "!="), fc.oneof(constant, field)).map(
          ([a, sign, b]) => `${a} ${sign} ${b}`,
        ),
        weight: 4,
      },
      {
        arbitrary: of(value, fc.constantFrom("==", "!=", "<", "<=", ">", ">="), value).map(
          ([a, sign, b]) => `${a} ${sign} ${b}`,
        ),
        weight: 3,
      },
      { arbitrary: of(value, value, value).map(([a, b, c]) => `${a} < ${b} != ${c}`), weight: 1 },
      {
        arbitrary: of(value, fc.constantFrom("is", "is not"), fc.constantFrom("None", "True", "False")).map(
          ([a, sign, b]) => `${a} ${sign} ${b}`,
        ),
        weight: 1,
      },
      { arbitrary: of(key, fc.constantFrom("in", "not in")).map(([name, sign]) => `${name} ${sign} event`), weight: 3 },
      {
        arbitrary: of(fc.oneof(text, value), fc.constantFrom("in", "not in"), value).map(
          ([a, sign, b]) => `${a} ${sign} ${b}`,
        ),
        weight: 3,
      },
      {
        arbitrary: of(
          value,
          fc.constantFrom("in", "not in"),
          texts.map((items) => `(${items},)`),
        ).map(([a, sign, b]) => `${a} ${sign} ${b}`),
        weight: 2,
      },
      {
        arbitrary: of(value, fc.constantFrom("in", "not in"), listed).map(([a, sign, b]) => `${a} ${sign} ${b}`),
        weight: 2,
      },
      {
        arbitrary: of(receiver, fc.constantFrom("startswith", "endswith"), texts).map(
          ([a, name, items]) => `${a}.${name}((${items}))`,
        ),
        weight: 3,
      },
      {
        arbitrary: of(receiver, fc.constantFrom("startswith", "endswith"), value).map(
          ([a, name, b]) => `${a}.${name}(${b})`,
        ),
        weight: 1,
      },
      {
        arbitrary: of(
          receiver,
          fc.constantFrom("isalpha", "isdigit", "isalnum", "isspace", "isascii", "islower", "isupper", "isdecimal"),
        ).map(([a, name]) => `${a}.${name}()`),
        weight: 1,
      },
      { arbitrary: truth.map((a) => `not (${a})`), weight: 3 },
      { arbitrary: value.map((a) => `not ${a}`), weight: 1 },
      { arbitrary: of(truth, truth).map(([a, b]) => `(${a}) and (${b})`), weight: 4 },
      { arbitrary: of(truth, truth).map(([a, b]) => `(${a}) or (${b})`), weight: 4 },
      { arbitrary: of(truth, truth, truth).map(([a, b, c]) => `(${a}) if (${b}) else (${c})`), weight: 1 },
      {
        arbitrary: of(
          fc.constantFrom("any", "all"),
          fc.array(truth, { maxLength: 3 }).map((items) => items.join(", ")),
        ).map(([name, items]) => `${name}([${items}])`),
        weight: 1,
      },
    ),
  };
});

/** A rule in Python: mostly a question, at times a value, which only matches where it is True itself. */
export const pythonRule: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: truth, weight: 6 },
  { arbitrary: value, weight: 1 },
);

const scalar = fc.constantFrom(...SCALARS);
const anything = fc.oneof(
  { arbitrary: scalar, weight: 4 },
  { arbitrary: fc.array(scalar, { maxLength: 2 }), weight: 1 },
  { arbitrary: fc.dictionary(fc.constantFrom("b", "d"), scalar, { maxKeys: 2 }), weight: 1 },
);

/** A record with the fields that the rules ask for, each with any value or none. */
export const anyRecord: fc.Arbitrary<object> = fc.record(
  {
    eventName: fc.constantFrom("a", "ab", "aXbXc", "22"),
    errorCode: scalar,
    readOnly: scalar,
    other: anything,
    a: fc.oneof(
      { arbitrary: scalar, weight: 1 },
      {
        arbitrary: fc.record({ b: anything, c: fc.oneof(scalar, fc.tuple(scalar, anything)) }, { requiredKeys: [] }),
        weight: 4,
      },
    ),
  },
  { requiredKeys: ["eventName"] },
);
