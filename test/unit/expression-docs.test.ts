import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { createChecker } from "#expression/check.ts";
import { createCompiler } from "#expression/compile.ts";
import { bareCopy } from "#model/bare.ts";
import { flatten } from "#records/flatten.ts";
import { contextOf } from "#rules/decide.ts";
import { transforms } from "#rules/transforms.ts";
import { VOCABULARY } from "#rules/vocabulary.ts";
import { record } from "#test/support/records.ts";
import { repoRoot } from "#test/support/tools.ts";

const page = readFileSync(path.join(repoRoot, "docs/rules.md"), "utf8");
const check = createChecker(transforms, VOCABULARY);
const compile = createCompiler(transforms);

/** The cells of a section's table, the first of which is code. */
function rows(heading: string): readonly (readonly string[])[] {
  const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
const codeOf = (cell = "") => /^`([^`]+)`/.exec(cell)?.[1]?.replaceAll("\\|", "|") ?? "no code";

/** A record for which every example holds. */
const EVERYTHING = record({
  eventTime: "2026-01-31T20:30:00Z",
  eventName: "BatchPutItem20150331v2",
  awsRegion: "eu-central-1",
  sourceIPAddress: "203.0.113.7",
  userAgent: "Nikto kali",
  errorCode: "Client.UnauthorizedOperation",
  userIdentity: {
    type: "AssumedRole",
    arn: "arn:aws:sts::111111111111:assumed-role/break-glass/ana",
    sessionContext: { attributes: { mfaAuthenticated: "false" } },
  },
  requestParameters: {
    acl: "public-read",
    durationSeconds: "43200",
    ipPermissions: {
      items: [
        { ipProtocol: "tcp", fromPort: 22, ipRanges: { items: [{ cidrIp: "0.0.0.0/0" }] } },
        { ipProtocol: "udp", fromPort: 53, ipRanges: {} },
      ],
    },
    key: "AKIAIOSFODNN7EXAMPLE",
    policy: { Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" }] },
    policyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
    policyDocument: encodeURIComponent(
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    ),
    port: 22,
    publiclyAccessible: "true",
    roleName: "r".repeat(64),
    tagSet: {},
    userName: " root ",
  },
});

/** These two need another record than the rest. */
const OF_ANOTHER_RECORD: Readonly<Record<string, Record<string, unknown>>> = {
  startsWith: { eventName: "DeleteTable" },
  replace: { eventName: "BatchPutItem" },
};

describe("docs/rules.md", () => {
  test.each(rows("Transforms").filter(([name]) => name !== "`lacksTags`"))(
    "the example of %s holds: %s",
    (name, example) => {
      const judgeable = flatten({ ...EVERYTHING, ...OF_ANOTHER_RECORD[codeOf(name)] });
      if ("unjudgeable" in judgeable) throw new Error(judgeable.unjudgeable);
      const text = codeOf(example);
      expect({ findings: check(text), value: compile(text)(contextOf(judgeable, bareCopy({}))) }).toEqual({
        findings: [],
        value: true,
      });
    },
  );

  test.each(rows("Traps"))(
    "the trap is found, and what is to be written is none: %s",
    (trap, _reads, instead, found) => {
      expect({
        trap: [...new Set(check(codeOf(trap)).map(({ severity }) => severity))],
        instead: check(codeOf(instead)),
      }).toEqual({ trap: found === "no" ? [] : [found], instead: [] });
    },
  );

  test("shows transforms and traps", () => {
    expect([rows("Transforms").length > 30, rows("Traps").length > 10]).toEqual([true, true]);
  });
});
