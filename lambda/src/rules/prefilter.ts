import { type Conjunction, type Necessary, necessaryFor, type Place, type Test } from "#expression/necessary.ts";
import { TRANSFORMS } from "#expression/transforms.ts";
import { bareObject } from "#model/bare.ts";
import type { Prefilter, WatchedValue } from "#model/prefilter.ts";
import { type CloudTrailRecord, isInsight, isRefusedCall, textAt } from "#model/record.ts";
import type { CompiledRule } from "./rule-set.ts";
import { THROWING, transforms } from "./transforms.ts";
import { VOCABULARY } from "./vocabulary.ts";

/** A prefilter, and what its bits stand for. */
export interface RulePrefilter extends Prefilter {
  /** Of each bit the rule, or undefined where a record matters by itself. */
  readonly rules: readonly (CompiledRule | undefined)[];
}

/** Records that are counted or told whatever the rules say, those that are no calls, and those that hold several. */
const NOTABLE: readonly (readonly [field: string, matters: (record: CloudTrailRecord) => boolean])[] = [
  ["eventName", (record) => textAt(record, "eventName") === undefined],
  ["errorCode", isRefusedCall],
  ["insightDetails", isInsight],
  ["eventCategory", ({ eventCategory }) => eventCategory === "Aggregated"],
];

/** Fields that hold an object where they are there at all. Further down there may be lists. */
const OBJECTS: readonly string[] = ["requestParameters", "responseElements", "additionalEventData"];

const isUsual = ({ keys: [first = "", ...below] }: Place): boolean =>
  below.length === 0 || first === "userIdentity" || (below.length === 1 && OBJECTS.includes(first));

/** A value that is looked at, and what is asked of it, by bit. */
interface Watched extends WatchedValue {
  readonly tests: Map<number, Test>;
}

/** The prefilter of all rules, in the order in which they are asked. @param config what they see as `config` */
export function createPrefilter(rules: readonly CompiledRule[], config: unknown): RulePrefilter {
  const surroundings = {
    transforms: { ...TRANSFORMS, ...transforms },
    throwing: THROWING,
    everything: VOCABULARY.everything,
    constants: Object.assign(bareObject(), { config }),
    isUsual,
  };
  const watched = new Map<string, Watched>();
  const watch = (keys: readonly string[], isForbidden = false): Watched => {
    const id = JSON.stringify(keys);
    const known = watched.get(id);
    if (known !== undefined && known.isForbidden >= isForbidden) return known;
    const added: Watched = { keys, isForbidden, tests: known?.tests ?? new Map() };
    watched.set(id, added);
    return added;
  };
  const bits: (CompiledRule | undefined)[] = [];
  const addBit = (rule: CompiledRule | undefined, conjunction: Conjunction): void => {
    for (const [id, test] of conjunction) watched.get(id)?.tests.set(bits.length, test);
    bits.push(rule);
  };
  for (const [field, matters] of NOTABLE) {
    watch([field]);
    addBit(undefined, new Map([[JSON.stringify([field]), { holds: matters as Test["holds"], cost: 1 }]]));
  }
  for (const rule of rules) {
    const { alternatives, places }: Necessary = necessaryFor(rule.ast, surroundings);
    for (const { keys, isDotted } of places.values()) {
      watch(keys);
      if (isDotted) for (const other of otherWays(keys)) watch(other, true);
    }
    for (const conjunction of alternatives) addBit(rule, conjunction);
  }
  const values = [...watched.values()].sort((a, b) => b.tests.size - a.tests.size);
  const words = Math.ceil(bits.length / 32);
  const all = maskOf(words, bits.keys());
  return {
    rules: bits,
    watched: values.map(({ keys, isForbidden }) => ({ keys, isForbidden })),
    needs: bits.map((_, bit) => values.flatMap(({ tests }, index) => (tests.has(bit) ? [index] : []))),
    words,
    maskOf(index, value, among = all) {
      const mask = all.slice();
      if (typeof value === "object" && value !== null) return mask;
      const { keys = [], tests = new Map<number, Test>() } = values[index] ?? {};
      const context = contextWith(keys, value, config);
      for (const [bit, test] of tests) {
        const [word, flag] = [bit >>> 5, 1 << (bit & 31)];
        if (((among[word] ?? 0) & flag) !== 0 && !test.holds(context)) mask[word] = (mask[word] ?? 0) & ~flag;
      }
      return mask;
    },
  };
}

function maskOf(words: number, bits: Iterable<number>): Uint32Array {
  const mask = new Uint32Array(words);
  for (const bit of bits) mask[bit >>> 5] = (mask[bit >>> 5] ?? 0) | (1 << (bit & 31));
  return mask;
}

/** What rules are asked about when a record has this value and no other: see `contextOf`. */
function contextWith(keys: readonly string[], value: unknown, config: unknown): object {
  const record = bareObject();
  const event = bareObject();
  if (value !== undefined) {
    const [top = ""] = keys;
    let nested = value;
    for (const key of keys.slice(1).reverse()) nested = Object.assign(bareObject(), { [key]: nested });
    event[keys.join(".")] = value;
    event[top] = nested;
    record[top] = nested;
  }
  return Object.assign(record, { event, config });
}

/** Keys with dots by which another object would lead to the same dotted key: of `a.b.c` `a.b`, `a.b.c` and `b.c` in `a`. */
function otherWays(keys: readonly string[]): readonly (readonly string[])[] {
  return keys.flatMap((_, from) =>
    keys.slice(from + 1).map((_, more) => [...keys.slice(0, from), keys.slice(from, from + more + 2).join(".")]),
  );
}
