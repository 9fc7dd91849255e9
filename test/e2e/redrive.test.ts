import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateAliasCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sqsDeadLetters } from "#cli/dead-letters/sqs.ts";
import { type Invoke, liveFunction } from "#cli/shared/live-function.ts";
import { deadLettersConformance } from "#test/conformance/dead-letters.ts";
import { clientConfig } from "#test/support/deployment.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { repoRoot, run } from "#test/support/tools.ts";

/** Stands for the notifier: says what it was given, fails when it is told to. */
const FUNCTION = `exports.handler = async (payload) => {
  if (payload.seconds) await new Promise((resolve) => setTimeout(resolve, payload.seconds * 1000));
  if (payload.fail) throw new Error("not finished: " + payload.fail);
  if (payload.Records) return { batchItemFailures: [{ itemIdentifier: payload.Records[0].messageId }] };
  return payload;
};`;

const bundle = path.join(repoRoot, "cli/dist/cloudtrail-to-slack.js");

let ministack: Ministack;
let sqs: SQSClient;
let config: ReturnType<typeof clientConfig>;

beforeAll(async () => {
  ministack = await startMinistack();
  config = clientConfig(ministack);
  sqs = new SQSClient(config);
  const lambda = new LambdaClient(config);
  const iam = new IAMClient(config);
  const FunctionName = "echo";
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await iam.send(new CreateRoleCommand({ RoleName: FunctionName, AssumeRolePolicyDocument }));
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/echo",
      Handler: "index.handler",
      Timeout: 30,
      Publish: true,
      Code: { ZipFile: zipSync({ "index.js": strToU8(FUNCTION) }) },
    }),
  );
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
});
afterAll(async () => {
  await ministack?.stop();
});

/** Makes a queue with these messages. @returns its name */
async function queueWith(bodies: readonly string[]): Promise<string> {
  const name = `letters-${randomUUID()}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  for (const MessageBody of bodies) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  return name;
}

deadLettersConformance("Amazon SQS", async (bodies) => ({
  queue: await sqsDeadLetters(await queueWith(bodies), config),
  wait: (seconds) => delay(seconds * 1_000),
}));

describe("Amazon SQS", () => {
  test("finds a queue by name, ARN and URL", async () => {
    const name = await queueWith(["a"]);
    const arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
    const url = `${ministack.endpoint}/000000000000/${name}`;
    for (const given of [name, arn, url]) {
      const queue = await sqsDeadLetters(given, config);
      expect([given, queue.name, await queue.count()]).toEqual([given, name, { waiting: 1, hidden: 0 }]);
    }
  });

  test("tells what Lambda noted when it gave up", async () => {
    const name = await queueWith([]);
    const QueueUrl = `${ministack.endpoint}/000000000000/${name}`;
    const ErrorMessage = { DataType: "String", StringValue: "not finished: x" };
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}", MessageAttributes: { ErrorMessage } }));
    const queue = await sqsDeadLetters(name, config);
    expect(await queue.receive(1, 60)).toMatchObject([{ body: "{}", error: "not finished: x" }]);
  });

  test("says what is not allowed", async () => {
    const iam = new IAMClient(config);
    await iam.send(new CreateUserCommand({ UserName: "nobody" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "nobody" }));
    const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "" } = AccessKey ?? {};
    const credentials = { accessKeyId, secretAccessKey };
    const name = await queueWith([]);
    const nobodys = { ...config, credentials };
    const forbidden = (what: string, action: string) =>
      new RegExp(`^${what} in us-east-1 is not open to these credentials \\(.*\\); allow ${action}`);
    await expect(sqsDeadLetters(name, nobodys)).rejects.toThrow(forbidden(`the queue "${name}"`, "sqs:GetQueueUrl"));
    const invoke = await liveFunction("echo", nobodys);
    await expect(invoke("{}")).rejects.toThrow(forbidden('the function "echo" .alias live.', "lambda:InvokeFunction"));
  });

  test.each([
    ["nowhere", "nowhere"],
    ["arn:aws:sqs:us-east-1:000000000000:nowhere", "nowhere"],
  ])("says that there is no queue %s", async (given, name) => {
    await expect(sqsDeadLetters(given, config)).rejects.toThrow(
      `the queue "${name}" in us-east-1 does not exist; name it with --queue, or the function with --function-name, or the region with --region`,
    );
  });

  test("says that there is nothing behind a URL", async () => {
    const queue = await sqsDeadLetters(`${ministack.endpoint}/000000000000/nowhere`, config);
    await expect(queue.count()).rejects.toThrow('the queue "nowhere" in us-east-1 does not exist; name it with');
  });
});

describe("the live function", () => {
  let invoke: Invoke;
  beforeAll(async () => {
    invoke = await liveFunction("echo", config);
  });

  test("answers", async () => {
    expect(await invoke('{"a":[1,"ü"]}')).toEqual({ kind: "answered", value: { a: [1, "ü"] } });
  });

  test("fails with its reason", async () => {
    expect(await invoke('{"fail":"a\\u001b[31m\\nfile"}')).toEqual({
      kind: "failed",
      reason: "not finished: a[31m file",
    });
  });

  test("says that there is no function", async () => {
    const none = await liveFunction("nobody", config);
    await expect(none("{}")).rejects.toThrow(
      'the function "nobody" (alias live) in us-east-1 does not exist; name it with --function-name, or its region with --region',
    );
  });
});

describe("the built program on AWS", () => {
  const args = (queue: string, ...more: readonly string[]) => [
    ...[bundle, "redrive", "--function-name", "echo", "--queue", queue],
    ...more,
  ];
  const env = () => ({ PATH: process.env.PATH, ...ministack.env });

  test("hands in, and leaves what fails", async () => {
    const queue = await queueWith(['{"a":1}', '{"fail":"b"}', "not JSON", '{"c":1}']);
    const options = { env: env(), acceptedExitCodes: [1] };
    const first = await run(process.execPath, args(queue, "--json"), options);
    const { failing, ...counts } = JSON.parse(first.stdout);
    expect(counts).toMatchObject({ queue, function: "echo", handedIn: 4, done: 2, left: 2, hidden: 0 });
    expect(failing.map(({ reason }: { reason: string }) => reason).toSorted()).toEqual([
      "not finished: b",
      expect.stringContaining("is not JSON; expected"),
    ]);
    expect(first.stderr).toBe("");
    const ids = failing.map(({ id }: { id: string }) => id);
    const listed = await run(process.execPath, args(queue, "--dry-run"), { env: env() });
    expect([listed.stdout.split("\n")[0], ids.every((id: string) => listed.stdout.includes(id))]).toEqual([
      `2 dead letters in ${queue}; nothing was changed.`,
      true,
    ]);
    const discarded = await run(process.execPath, args(queue, "--discard", ...ids), { env: env() });
    expect(discarded.stdout.split("\n").toSorted()).toEqual(
      ["", ...ids.map((id: string) => `discarded ${id}`)].toSorted(),
    );
    expect((await run(process.execPath, args(queue), { env: env() })).stdout).toMatch(/^No dead letters in \S+\.\n$/);
  });

  test("finishes what is under way at Ctrl-C", async () => {
    const queue = await queueWith(['{"seconds":3}', '{"seconds":3}', '{"seconds":3}', '{"seconds":3}']);
    const child = spawn(process.execPath, args(queue, "--concurrency", "1", "--json"), {
      env: env(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    const closed = new Promise((resolve) => child.on("close", resolve));
    const port = await sqsDeadLetters(queue, config);
    while ((await port.count()).hidden === 0) await delay(50);
    child.kill("SIGINT");
    expect([await closed, JSON.parse(stdout), await port.count()]).toMatchObject([
      130,
      { handedIn: 1, done: 1, left: 3, leftIsEstimate: true, interrupted: true },
      { waiting: 3, hidden: 0 },
    ]);
  });
});
