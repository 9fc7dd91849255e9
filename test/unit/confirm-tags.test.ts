import { expect, test } from "vitest";
import type { Suspect } from "#model/decision.ts";
import { confirmTags } from "#rules/confirm-tags.ts";
import { fakeLog, fakeTags, type TagsByRegion } from "#test/support/fakes.ts";

const OWN = "111111111111";
const CONFIG = {
  self: { accountId: OWN },
  requiredTags: { instance: { Team: null, CostCenter: "[0-9]{4}" }, volume: { Team: null } },
};
const TAGGED = { Team: "a", CostCenter: "1234" };

function suspect(request: object, over: object = {}, rules = ["ec2-required-tags-missing"]): Suspect {
  return {
    record: {
      eventSource: "ec2.amazonaws.com",
      eventName: "DeleteTags",
      awsRegion: "eu-central-1",
      recipientAccountId: OWN,
      requestParameters: request,
      ...over,
    },
    rules: rules.map((id) => ({ id, origin: "default", severity: "medium" })),
  };
}

const untagged = (...ids: readonly string[]) => ({
  resourcesSet: { items: ids.map((resourceId) => ({ resourceId })) },
  tagSet: { items: [{ key: "Team" }] },
});
const started = (...ids: readonly string[]) => ({
  eventName: "RunInstances",
  responseElements: { instancesSet: { items: ids.map((instanceId) => ({ instanceId })) } },
});

async function confirm(
  suspects: readonly Suspect[],
  tags: TagsByRegion,
  { config = CONFIG as Readonly<Record<string, unknown>>, remainingMs = 300_000 } = {},
) {
  const store = fakeTags(tags);
  const log = fakeLog();
  const confirmed = await confirmTags(suspects, config, { tags: store, log, remainingMs: () => remainingMs });
  expect(confirmed.map(({ record }) => record)).toEqual(suspects.map(({ record }) => record));
  return {
    rules: confirmed.map(({ rules }) => rules.map(({ id }) => id)),
    asked: store.asked,
    warnings: log.lines.length,
  };
}

const KEPT = ["ec2-required-tags-missing"];

test.each([
  ["tags that are there again", untagged("i-1"), {}, { "i-1": TAGGED }, []],
  ["a tag that is still missing", untagged("i-1"), {}, { "i-1": { CostCenter: "1234" } }, KEPT],
  ["a tag whose value is still wrong", untagged("i-1"), {}, { "i-1": { ...TAGGED, CostCenter: "12345" } }, KEPT],
  ["a tag in another case", untagged("i-1"), {}, { "i-1": { team: "a", CostCenter: "1234" } }, KEPT],
  ["one instance of two", untagged("i-1", "i-2"), {}, { "i-1": TAGGED, "i-2": { CostCenter: "1234" } }, KEPT],
  ["an instance that is gone", untagged("i-1"), {}, {}, KEPT],
  ["one of two that is gone", untagged("i-1", "i-2"), {}, { "i-1": TAGGED }, KEPT],
  ["a volume", untagged("vol-1"), {}, { "vol-1": { Team: "a" } }, []],
  [
    "instances that were tagged after they were started, with their volumes unasked",
    {},
    started("i-1"),
    { "i-1": TAGGED },
    KEPT,
  ],
  [
    "instances that were tagged after they were started, with tags for their volumes",
    { tagSpecificationSet: { items: [{ resourceType: "volume", tags: [{ key: "Team", value: "a" }] }] } },
    started("i-1"),
    { "i-1": TAGGED },
    [],
  ],
])("asks EC2 about %s", async (_name, request, over, tags, expected) => {
  const { rules, asked, warnings } = await confirm([suspect(request, over)], { "eu-central-1": tags });
  expect({ rules, regions: asked.map(({ region }) => region), warnings }).toEqual({
    rules: [expected],
    regions: ["eu-central-1"],
    warnings: 0,
  });
});

test.each([
  ["another account's", suspect(untagged("i-1"), { recipientAccountId: "222222222222" }), {}, 0],
  ["a record without a region", suspect(untagged("i-1"), { awsRegion: undefined }), {}, 0],
  ["another rule's", suspect(untagged("i-1"), {}, ["root-activity"]), {}, 0],
  ["what is asked about too late", suspect(untagged("i-1")), { remainingMs: 10_000 }, 0],
  ["a deployment that does not know its account", suspect(untagged("i-1")), { config: { ...CONFIG, self: {} } }, 0],
  ["a detection that is off", suspect(untagged("i-1")), { config: { self: CONFIG.self } }, 0],
  [
    "a pattern that is none",
    suspect(untagged("i-1")),
    { config: { ...CONFIG, requiredTags: { instance: { CostCenter: "(" } } } },
    1,
  ],
])("leaves alone %s", async (_name, given, options, asked) => {
  const result = await confirm([given], { "eu-central-1": { "i-1": TAGGED } }, options);
  expect({ rules: result.rules, asked: result.asked.length }).toEqual({
    rules: [given.rules.map(({ id }) => id)],
    asked,
  });
});

test("says so when no time is left to ask", async () => {
  expect(await confirm([suspect(untagged("i-1"))], {}, { remainingMs: 10_000 })).toEqual({
    rules: [KEPT],
    asked: [],
    warnings: 1,
  });
});

test("where EC2 refuses, the record decides, and the other regions are asked all the same", async () => {
  const here = suspect(untagged("i-1"));
  const there = suspect(untagged("i-2"), { awsRegion: "us-east-1" });
  const tags = { "eu-central-1": new Error("UnauthorizedOperation"), "us-east-1": { "i-2": TAGGED } };
  expect(await confirm([here, there], tags)).toMatchObject({ rules: [KEPT, []], warnings: 1 });
});

test("asks once for all suspects of a region, and keeps the other rules of a suspect", async () => {
  const suspects = [
    suspect(untagged("i-1"), {}, ["root-activity", "ec2-required-tags-missing"]),
    suspect(untagged("i-1", "i-2")),
  ];
  expect(await confirm(suspects, { "eu-central-1": { "i-1": TAGGED, "i-2": TAGGED } })).toEqual({
    rules: [["root-activity"], []],
    asked: [{ region: "eu-central-1", ids: ["i-1", "i-2"] }],
    warnings: 0,
  });
});

test("asks about a bounded number of resources", async () => {
  const ids = Array.from({ length: 1_500 }, (_, index) => `i-${index}`);
  const tags = Object.fromEntries(ids.map((id) => [id, TAGGED]));
  const { rules, asked } = await confirm(
    ids.map((id) => suspect(untagged(id))),
    { "eu-central-1": tags },
  );
  expect({
    asked: asked.map((call) => call.ids.length),
    taken: rules.filter(({ length }) => length === 0).length,
  }).toEqual({ asked: [1_000], taken: 1_000 });
});
