import { readdirSync, readFileSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openRoot } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { isRecord, list, only } from "./plan.ts";
import { type RunReport, runTests } from "./test-runs.ts";

const MODULE = join(repoRoot, "modules/incident-response");
const RUNS = join(repoRoot, "test/terraform/incident-response");
const declared = readdirSync(RUNS).flatMap((file) =>
  [...readFileSync(join(RUNS, file), "utf8").matchAll(/^run "([^"]+)" \{$/gm)].map(([, name]) => ({ file, name })),
);
let reports: ReadonlyMap<string, RunReport> = new Map();

beforeAll(async () => {
  const root = await openRoot(MODULE);
  try {
    await root.init();
    // Terraform takes test files from below the module only.
    await symlink(RUNS, join(root.directory, "tests"));
    reports = await runTests(root.directory, "tests");
  } finally {
    await root.close();
  }
}, 600_000);

describe("the module incident-response", () => {
  it("has runs", () => expect(declared.length).toBeGreaterThan(20));

  it.each(declared)("$file: $name", ({ file, name }) => {
    const { status, problems } = reports.get(`tests/${file} ${name}`) ?? {};
    expect({ status, problems }).toEqual({ status: "pass", problems: [] });
  });
});

/** A statement of the function's policies. */
interface Statement {
  readonly sid: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** The documents of the function's policies in a run of permissions.tftest.hcl. */
function policies(run: string): readonly string[] {
  const { resources = [] } = reports.get(`tests/permissions.tftest.hcl ${run}`) ?? {};
  return ["aws_iam_role_policy.function", "aws_iam_policy.instances"].map((address) =>
    String(only(resources, address).policy),
  );
}

function statements(run: string): readonly Statement[] {
  return policies(run)
    .flatMap((document) => list(JSON.parse(document).Statement))
    .map((statement) => {
      if (!isRecord(statement)) throw new Error(`${JSON.stringify(statement)} is no statement`);
      const { Sid, Effect, Action, Resource } = statement;
      return {
        sid: String(Sid),
        effect: String(Effect),
        actions: list(Action).map(String),
        resources: list(Resource).map(String),
      };
    });
}

const granted = (run: string) => statements(run).filter(({ effect }) => effect === "Allow");

/** Every action that a step calls or that AWS asks for beside it, as the engine says. */
function calledActions(): readonly string[] {
  const steps: unknown = JSON.parse(readFileSync(join(MODULE, "actions.json"), "utf8"));
  return Object.values(isRecord(steps) ? steps : {})
    .flatMap(list)
    .map(String);
}

describe("the function's role", () => {
  const EVERYTHING = "may_do_all_of_it_with_everything_on";
  const DEFAULT = "may_do_little_by_default";
  /** What no step calls: Lambda does, or EC2 and EBS with the key of a volume in the caller's name. */
  const NO_STEP = [
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
  ];

  it("may do what the steps call, and nothing else", () => {
    const actions = new Set(granted(EVERYTHING).flatMap((statement) => statement.actions));
    expect(calledActions().length).toBeGreaterThan(50);
    expect([...actions].toSorted()).toEqual([...new Set([...calledActions(), ...NO_STEP])].toSorted());
  });

  it("is given no action by a wildcard", () => {
    const actions = granted(EVERYTHING).flatMap((statement) => statement.actions);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  });

  it("may only look where AWS knows no resources", () => {
    const anywhere = granted(EVERYTHING).filter(({ resources }) => resources.includes("*"));
    const others = anywhere.flatMap(({ actions }) => actions).filter((action) => !/:Describe[A-Za-z]+$/.test(action));
    expect(anywhere.length).toBeGreaterThan(0);
    expect(others).toEqual([]);
  });

  it("may start machines, make volumes, pass roles, lock and revoke only when that is asked for", () => {
    const actions = granted(DEFAULT).flatMap((statement) => statement.actions);
    const onlyThen = [
      "ec2:AssociateIamInstanceProfile",
      "ec2:CreateVolume",
      "ec2:DisassociateIamInstanceProfile",
      "ec2:LockSnapshot",
      "ec2:ModifyInstanceMetadataOptions",
      "ec2:RunInstances",
      "iam:PassRole",
    ];
    const missing = calledActions().filter((action) => !actions.includes(action));
    expect([...new Set(missing)].toSorted()).toEqual(onlyThen);
  });

  it.each([
    "ec2:TerminateInstances",
    "ec2:DeleteSnapshot",
    "ec2:DeleteVolume",
    "ec2:UnlockSnapshot",
    "iam:AttachRolePolicy",
    "iam:CreateAccessKey",
    "iam:PutRolePolicy",
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObjectVersion",
    "s3:PutBucketPolicy",
    "sts:AssumeRole",
  ])("is denied %s, whatever else is attached to it", (action) => {
    const patterns = statements(DEFAULT)
      .filter(({ effect }) => effect === "Deny")
      .flatMap(({ actions }) => actions);
    const denies = (pattern: string) =>
      pattern.endsWith("*") ? action.startsWith(pattern.slice(0, -1)) : action === pattern;
    expect(patterns.some(denies)).toBe(true);
  });

  it("has policies that IAM takes, with room for longer names", () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    const [inRole = "", attached = ""] = policies(EVERYTHING);
    expect(inRole.length).toBeLessThan(0.8 * 10_240);
    expect(attached.length).toBeLessThan(0.9 * 6_144);
  });
});
