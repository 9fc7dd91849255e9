/** Python's built-in functions: whoever calls one of them writes Python. */
const BUILT_IN =
  "__import__ abs all any ascii bin bool bytearray bytes callable chr classmethod compile complex delattr dict dir divmod enumerate eval exec filter float format frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len list locals map max memoryview min next object oct open ord pow print property range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars zip".split(
    " ",
  );

/** What is written instead of these words of other languages. */
export const OTHER_SPELLING: Readonly<Record<string, string>> = { true: "True", false: "False", null: "None" };

/** The names that a rule in Python may be expected to use, whether or not they can be translated. */
export const KNOWN_NAMES: ReadonlySet<string> = new Set([...BUILT_IN, ...Object.keys(OTHER_SPELLING)]);
