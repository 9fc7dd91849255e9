import { describe, expect, test } from "vitest";
import { EvaluationError } from "#expression/evaluation-error.ts";
import { bareCopy } from "#model/bare.ts";
import { flatten } from "#records/flatten.ts";
import { hasRequiredTags, lacksTags, taggedResources } from "#rules/lacks-tags.ts";

type Tags = Readonly<Record<string, string>>;

const listOf = (tags: Tags) => Object.entries(tags).map(([key, value]) => ({ key, value }));
const specification = (resourceType: string, tags: Tags) => ({ resourceType, tags: listOf(tags) });

/** A call of EC2, as rules see it: nested in bare objects. */
function call(eventName: string, requestParameters: unknown, responseElements?: unknown) {
  const judgeable = flatten({ eventSource: "ec2.amazonaws.com", eventName, requestParameters, responseElements });
  if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
  return judgeable.record;
}

/** A RunInstances that asks for these specifications and answers with instances that have these tags. */
function run(
  specifications: readonly unknown[],
  instances: readonly Tags[],
  more: Readonly<Record<string, unknown>> = {},
) {
  return call(
    "RunInstances",
    {
      instanceType: "t3.micro",
      ...(specifications.length === 0 ? {} : { tagSpecificationSet: { items: specifications } }),
      ...more,
    },
    {
      instancesSet: {
        items: instances.map((tags, index) => ({
          instanceId: `i-${index}`,
          tagSet: Object.keys(tags).length === 0 ? {} : { items: listOf(tags) },
        })),
      },
    },
  );
}

const touch = (eventName: string, ids: readonly string[], tagSet?: unknown) =>
  call(eventName, { resourcesSet: { items: ids.map((resourceId) => ({ resourceId })) }, tagSet });

const KEYS = ["CostCenter", "Team"];
const BOTH = { CostCenter: "1234", Team: "web" };

describe("with a list of keys, which instances must have", () => {
  test.each([
    ["no specification and no tags", true, run([], [{}])],
    ["one of two", true, run([specification("instance", { Team: "web" })], [{ Team: "web" }])],
    ["both on the volume, one on the instance", true, run([specification("volume", BOTH)], [{ Team: "web" }])],
    ["a key in another case", true, run([], [{ costcenter: "1234", Team: "web" }])],
    ["both", false, run([specification("instance", BOTH)], [BOTH])],
    ["both in the request, while the response shows no tags", false, run([specification("instance", BOTH)], [{}])],
    [
      "both in two specifications",
      false,
      run(
        [{ CostCenter: "1" }, { Team: "web" }].map((tags) => specification("instance", tags)),
        [{}],
      ),
    ],
    [
      "both by a launch template, which only the response shows",
      false,
      run([], [BOTH], { launchTemplate: { launchTemplateId: "lt-1" } }),
    ],
    ["a launch template without them", true, run([], [{}], { launchTemplate: { launchTemplateId: "lt-1" } })],
    ["the second instance without", true, run([], [BOTH, { Team: "web" }])],
    [
      "no response, both in the request",
      false,
      call("RunInstances", { tagSpecificationSet: { items: [specification("instance", BOTH)] } }, null),
    ],
    ["no response, nothing in the request", true, call("RunInstances", null, null)],
    [
      "tags as a list of items",
      false,
      call("RunInstances", {
        tagSpecificationSet: { items: [{ resourceType: "instance", tags: { items: listOf(BOTH) } }] },
      }),
    ],
    ["an empty value", false, run([], [{ CostCenter: "", Team: "" }])],
    [
      "a tag without a value",
      false,
      call("RunInstances", {
        tagSpecificationSet: { items: [{ resourceType: "instance", tags: [{ key: "CostCenter" }, { key: "Team" }] }] },
      }),
    ],
  ])("RunInstances: %s: %s", (_, expected, record) => {
    expect(lacksTags(record, KEYS)).toBe(expected);
  });

  test.each([
    ["a required key of an instance", true, touch("DeleteTags", ["i-1"], { items: [{ key: "Team" }] })],
    ["a required key with a value", true, touch("DeleteTags", ["i-1"], { items: [{ key: "Team", value: "web" }] })],
    ["all tags, by an empty list", true, touch("DeleteTags", ["i-1"], {})],
    ["all tags, by no list", true, touch("DeleteTags", ["i-1"])],
    ["another key", false, touch("DeleteTags", ["i-1"], { items: [{ key: "Note" }] })],
    ["a required key of a volume", false, touch("DeleteTags", ["vol-1"], { items: [{ key: "Team" }] })],
    ["all tags of a type that nobody knows", false, touch("DeleteTags", ["some-1"])],
    [
      "a required key of a volume and an instance",
      true,
      touch("DeleteTags", ["vol-1", "i-1"], { items: [{ key: "Team" }] }),
    ],
  ])("DeleteTags: %s: %s", (_, expected, record) => {
    expect(lacksTags(record, KEYS)).toBe(expected);
  });

  test("no value of a tag that is created is wrong", () => {
    expect(lacksTags(touch("CreateTags", ["i-1"], { items: [{ key: "Team", value: "" }] }), KEYS)).toBe(false);
  });
});

describe("with a map of types, keys and patterns", () => {
  const PATTERNS = bareCopy({ instance: { CostCenter: "[0-9]{4}", Team: null }, volume: { Team: "(?i)web|data" } });
  const SPECIFICATIONS = [specification("instance", BOTH), specification("volume", { Team: "DATA" })];

  test.each([
    ["all right", false, run(SPECIFICATIONS, [BOTH])],
    ["a value that a pattern finds, but not as a whole", true, run(SPECIFICATIONS, [{ ...BOTH, CostCenter: "12345" }])],
    ["a volume without a specification", true, run([specification("instance", BOTH)], [BOTH])],
    [
      "a volume with a wrong value",
      true,
      run([specification("instance", BOTH), specification("volume", { Team: "ops" })], [BOTH]),
    ],
    [
      "a volume that a launch template may have tagged",
      false,
      run([], [BOTH], { launchTemplate: { launchTemplateName: "web" } }),
    ],
    ["a value longer than a tag's", true, run(SPECIFICATIONS, [{ ...BOTH, CostCenter: "1".repeat(100_000) }])],
  ])("RunInstances: %s: %s", (_, expected, record) => {
    expect(lacksTags(record, PATTERNS)).toBe(expected);
  });

  test.each([
    ["a wrong value", true, touch("CreateTags", ["i-1"], { items: [{ key: "CostCenter", value: "none" }] })],
    ["a right value", false, touch("CreateTags", ["i-1"], { items: [{ key: "CostCenter", value: "4321" }] })],
    ["any value where any will do", false, touch("CreateTags", ["i-1"], { items: [{ key: "Team", value: "none" }] })],
    [
      "a wrong value of another type's tag",
      false,
      touch("CreateTags", ["vol-1"], { items: [{ key: "CostCenter", value: "none" }] }),
    ],
    [
      "a wrong value of a volume among others",
      true,
      touch("CreateTags", ["i-1", "vol-1"], { items: [{ key: "Team", value: "ops" }] }),
    ],
    [
      "a key that is not required",
      false,
      touch("CreateTags", ["i-1"], { items: [{ key: "costcenter", value: "none" }] }),
    ],
  ])("CreateTags: %s: %s", (_, expected, record) => {
    expect(lacksTags(record, PATTERNS)).toBe(expected);
  });

  test.each([
    ["the volume's", true, touch("DeleteTags", ["vol-1"], { items: [{ key: "Team" }] })],
    ["the instance's, of a volume", false, touch("DeleteTags", ["vol-1"], { items: [{ key: "CostCenter" }] })],
  ])("DeleteTags: %s: %s", (_, expected, record) => {
    expect(lacksTags(record, PATTERNS)).toBe(expected);
  });

  const NEW = { deviceIndex: 0, subnetId: "subnet-1" };
  const PRESENT = { deviceIndex: 0, networkInterfaceId: "eni-1" };
  const SPOT = { instanceMarketOptions: { marketType: "spot" } };
  test.each([
    ["network-interface", "none is named", true, {}],
    ["network-interface", "a new one is named", true, { networkInterfaceSet: { items: [PRESENT, NEW] } }],
    ["network-interface", "only present ones are named", false, { networkInterfaceSet: { items: [PRESENT] } }],
    ["spot-instances-request", "it is for Spot", true, SPOT],
    ["spot-instances-request", "it is not for Spot", false, {}],
    ["elastic-gpu", "the request does not name it", false, {}],
    [
      "elastic-gpu",
      "the request tags it otherwise",
      true,
      { tagSpecificationSet: { items: [specification("elastic-gpu", { A: "b" })] } },
    ],
  ])("RunInstances makes a %s when %s: %s", (type, _, expected, more) => {
    expect(lacksTags(run([], [BOTH], more), { [type]: { Team: null } })).toBe(expected);
  });

  test("says so when a pattern is none", () => {
    expect(() => lacksTags(run([], [BOTH]), { instance: { Team: "(" } })).toThrow(EvaluationError);
  });
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "Team"],
  ["an empty list", []],
  ["a list of no texts", [1, null]],
  ["an empty map", {}],
  ["a type without keys", { instance: null }],
])("nothing is required by %s", (_, requiredTags) => {
  const verdicts = [
    lacksTags(run([], [{}]), requiredTags),
    lacksTags(touch("DeleteTags", ["i-1"]), requiredTags),
    hasRequiredTags("instance", new Map(), requiredTags),
  ];
  expect(verdicts).toEqual([false, false, true]);
});

test.each([
  ["another call", call("StopInstances", { instancesSet: { items: [{ instanceId: "i-1" }] } })],
  ["another service", { ...run([], [{}]), eventSource: "ecs.amazonaws.com" }],
  ["no record", undefined],
  ["a list", []],
])("is false of %s", (_, record) => {
  expect(lacksTags(record, KEYS)).toBe(false);
});

test.each([
  ["null", null],
  ["a text", "x"],
  ["a number", 7],
  ["a list of anything", [null, 1, "x", []]],
  [
    "items of anything",
    { items: [null, 1, "x", [], {}, { resourceId: 1, key: 2, resourceType: 3, tags: 4, tagSet: 5 }] },
  ],
])("takes %s in the place of every list", (_, list) => {
  const parts = { resourcesSet: list, tagSet: list, tagSpecificationSet: list, networkInterfaceSet: list };
  const verdicts = ["RunInstances", "CreateTags", "DeleteTags"].map((name) =>
    lacksTags(call(name, parts, { instancesSet: list }), KEYS),
  );
  expect(verdicts).toEqual([true, false, false]);
});

describe("the present tags", () => {
  const PATTERNS = { instance: { CostCenter: "[0-9]{4}", Team: null } };

  test.each([
    ["all right", true, "instance", BOTH, PATTERNS],
    ["all keys", true, "instance", BOTH, KEYS],
    ["a wrong value", false, "instance", { ...BOTH, CostCenter: "x1234" }, PATTERNS],
    ["a missing key", false, "instance", { CostCenter: "1234" }, PATTERNS],
    ["another type", true, "volume", {}, PATTERNS],
  ])("suffice: %s: %s", (_, expected, type, tags: Tags, requiredTags) => {
    expect(hasRequiredTags(type, new Map(Object.entries(tags)), requiredTags)).toBe(expected);
  });

  test.each([
    [
      "the instances that were made",
      run([], [{}, {}]),
      [
        { id: "i-0", type: "instance" },
        { id: "i-1", type: "instance" },
      ],
    ],
    [
      "what was tagged, with its type",
      touch("CreateTags", ["i-1", "vol-1", "eni-1", "vpce-1", "vpc-1", "some-1"]),
      [
        { id: "i-1", type: "instance" },
        { id: "vol-1", type: "volume" },
        { id: "eni-1", type: "network-interface" },
        { id: "vpce-1", type: "vpc-endpoint" },
        { id: "vpc-1", type: "vpc" },
      ],
    ],
    ["what was untagged", touch("DeleteTags", ["i-1"]), [{ id: "i-1", type: "instance" }]],
    ["nothing of another call", call("StopInstances", {}, { instancesSet: { items: [{ instanceId: "i-1" }] } }), []],
    ["nothing of another service", { ...touch("CreateTags", ["i-1"]), eventSource: "ecs.amazonaws.com" }, []],
    ["nothing where nothing is answered", call("RunInstances", {}), []],
  ])("are asked of %s", (_, record, expected) => {
    expect(taggedResources(record)).toEqual(expected);
  });
});
