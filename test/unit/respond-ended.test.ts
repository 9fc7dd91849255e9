import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SFNClient } from "@aws-sdk/client-sfn";
import { expect, onTestFinished, test } from "vitest";
import { ended } from "#cli/respond/ended.ts";
import { executedCase } from "#cli/respond/history.ts";
import type { Show } from "#cli/respond/progress.ts";
import type { Change, StepRecord } from "#incident-response/record.ts";

const ID = "i-0123456789abcdef0";

const silent: Show = { begin: () => {}, record: () => {}, line: () => {}, event: () => {}, end: () => {} };

test.each([
  ["NoSuchInstance: i-0123456789abcdef0 does not exist", 3],
  ["NoOpenCase: no case is open", 3],
  [undefined, 3],
  ["UnauthorizedOperation: not allowed to describe instances", 7],
])("an execution that refused because of %s exits with %i", (cause, code) => {
  const execution = { status: "FAILED", error: "IR.Invalid", cause, output: undefined };
  expect(ended(execution, new Map(), ID, silent)).toBe(code);
});

function recordOf(step: string, rest: Partial<StepRecord> = {}): StepRecord {
  const now = "2026-01-02T03:04:05.000Z";
  return { step, status: "ok", started: now, ended: now, changes: [], evidence: [], api: [], ...rest };
}

const changed = (id: string, before: string, after: string): Change => ({ what: "groups", id, before, after });

const runOf = (name: string, action: "contain" | "restore") => ({
  action,
  case: name,
  account: "111111111111",
  partition: "aws",
  region: "eu-central-1",
  instanceId: ID,
  profile: "contain",
  trigger: { kind: "cli" },
  requestedBy: "alice",
  reason: "test",
  startedAt: "2026-01-02T03:04:05.000Z",
  decision: action === "contain" ? "go" : "restore",
  bucketOwner: "111111111111",
});

const beforeOf = (state: string) => ({
  at: "2026-01-02T03:04:05.000Z",
  instance: { id: ID, type: "m5.large", state, zone: "eu-central-1a", tags: {} },
  interfaces: [],
  volumes: [],
  unknown: [],
});

/** An execution that contained; the bucket took the state before, or refused it. */
const contained = (name: string, state: string, change: Change, bucket: "refused" | "took" = "refused") => [
  recordOf("Validate", { details: { run: runOf(name, "contain") } }),
  recordOf("RecordBaseline", {
    status: bucket === "refused" ? "failed" : "ok",
    details: { before: beforeOf(state) },
  }),
  recordOf("Isolate", { changes: [change] }),
];

const restored = (name: string, status: "ok" | "failed") => [
  recordOf("Validate", { details: { run: runOf(name, "restore") } }),
  recordOf("Restore", { status }),
];

/** Step Functions with these executions, the newest first. @param histories by name */
async function stepFunctions(histories: Readonly<Record<string, readonly StepRecord[]>>): Promise<SFNClient> {
  const answers: Readonly<Record<string, (input: { executionArn?: string }) => unknown>> = {
    "AWSStepFunctions.ListExecutions": () => ({
      executions: Object.keys(histories).map((name) => ({ name, executionArn: name, startDate: 0, status: "FAILED" })),
    }),
    "AWSStepFunctions.GetExecutionHistory": ({ executionArn = "" }) => ({
      events: (histories[executionArn] ?? []).map((record, id) => ({
        id,
        timestamp: 0,
        type: "TaskSucceeded",
        taskSucceededEventDetails: {
          resource: "invoke",
          resourceType: "lambda",
          output: JSON.stringify({ Payload: record }),
        },
      })),
    }),
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = answers[String(request.headers["x-amz-target"])]?.(JSON.parse(Buffer.concat(chunks).toString()));
    response
      .writeHead(answer === undefined ? 400 : 200, { "content-type": "application/x-amz-json-1.0" })
      .end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return new SFNClient({ endpoint: `http://127.0.0.1:${port}`, region: "eu-central-1", credentials, maxAttempts: 1 });
}

const nameOf = (number: number, id = ID) => `ir-111111111111-eu-central-1-${id}-0000000${number}`;
const first = changed("eni-1", "web", "quarantine");
const second = changed("eni-2", "web", "quarantine");

test.each<[what: string, histories: Readonly<Record<string, readonly StepRecord[]>>, expected: unknown]>([
  [
    "of several executions, the state before is that of the first, the changes are those of all, the oldest first",
    { [nameOf(2)]: contained("case-2", "stopped", second), [nameOf(1)]: contained("case-1", "running", first) },
    { name: "case-2", before: beforeOf("running"), changes: [first, second] },
  ],
  [
    "what was restored is another case",
    {
      [nameOf(3)]: contained("case-2", "stopped", second),
      [nameOf(2)]: restored("case-1", "ok"),
      [nameOf(1)]: contained("case-1", "running", first),
    },
    { name: "case-2", before: beforeOf("stopped"), changes: [second] },
  ],
  [
    "a restore that failed ends no case",
    { [nameOf(2)]: restored("case-1", "failed"), [nameOf(1)]: contained("case-1", "running", first) },
    { name: "case-1", before: beforeOf("running"), changes: [first] },
  ],
  [
    "where the bucket took the state before, it tells",
    { [nameOf(1)]: contained("case-1", "running", first, "took") },
    undefined,
  ],
  [
    "another instance is not this one",
    { [nameOf(1, "i-0aaaaaaaaaaaaaaa1")]: contained("case-1", "running", first) },
    undefined,
  ],
])("the case of an instance, by its executions: %s", async (_, histories, expected) => {
  expect(await executedCase(await stepFunctions(histories), "machine", ID)).toEqual(expected);
});
