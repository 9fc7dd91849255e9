import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateAliasCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { dynamodbLedger } from "#aws/dynamodb.ts";
import { runProgram } from "#cli/program.ts";
import { bucketObjects, ledgerTable } from "#cli/reconcile/aws.ts";
import { liveFunctionLater } from "#cli/shared/live-function.ts";
import type { Ledger } from "#model/ports.ts";
import { fakeTerminal } from "#test/support/dead-letters.ts";
import { bucketWriter, clientConfig } from "#test/support/deployment.ts";
import { digest, digestFile, digestKeyOf, follows, sealOf } from "#test/support/digests.ts";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { BUCKET, keyOf, logFile, record } from "#test/support/records.ts";

/** Stands for the notifier: tells the test what it was given. */
const FUNCTION = `exports.handler = async (payload) => {
  await fetch(process.env.RECEIVER, { method: "POST", body: JSON.stringify(payload) });
};`;
const FUNCTION_NAME = "audit";
const TABLE = "audit-ledger";
const HOUR_MS = 3_600_000;

let ministack: Ministack;
let receiver: Server;
let config: ReturnType<typeof clientConfig>;
let put: (key: string, body: Uint8Array) => Promise<void>;
let ledger: Ledger;
const received: unknown[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    received.push(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    response.end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  ministack = await startMinistack();
  config = clientConfig(ministack);
  const write = bucketWriter(ministack);
  put = (key, body) => write(BUCKET, key, body);
  await new S3Client(config).send(new CreateBucketCommand({ Bucket: BUCKET }));

  const dynamodb = new DynamoDBClient(config);
  await dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30 }, { TableName: TABLE });
  const clock = { nowMs: Date.now, sleep: (ms: number) => delay(ms) };
  ledger = dynamodbLedger({ table: TABLE, retentionDays: 30, spacingMs: 0, owner: "test", clock, client: dynamodb });

  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const iam = new IAMClient(config);
  await iam.send(new CreateRoleCommand({ RoleName: FUNCTION_NAME, AssumeRolePolicyDocument }));
  const lambda = new LambdaClient(config);
  const { port } = receiver.address() as AddressInfo;
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: FUNCTION_NAME,
      Runtime: "nodejs22.x",
      Role: `arn:aws:iam::000000000000:role/${FUNCTION_NAME}`,
      Handler: "index.handler",
      Timeout: 30,
      Publish: true,
      Environment: { Variables: { RECEIVER: `http://127.0.0.1:${port}` } },
      Code: { ZipFile: zipSync({ "index.js": strToU8(FUNCTION) }) },
    }),
  );
  await lambda.send(new CreateAliasCommand({ FunctionName: FUNCTION_NAME, Name: "live", FunctionVersion: "1" }));
  for (const [name, value] of Object.entries(ministack.env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await ministack?.stop();
  receiver?.close();
});

/** Runs the command as users do, on what the environment leads to. */
async function reconcile(...args: readonly string[]) {
  const terminal = fakeTerminal();
  const given = args.includes("--bucket") ? args : ["--bucket", BUCKET, ...args];
  const exitCode = await runProgram(["reconcile", "--function-name", FUNCTION_NAME, ...given], terminal);
  return { exitCode, output: terminal.written.join("\n"), said: terminal.said };
}

/** `20250611T090000Z` */
const stamp = (ms: number) => new Date(ms).toISOString().replace(/\.\d+|[-:]/g, "");
const payload = (...keys: readonly string[]) => ({ s3Bucket: BUCKET, s3ObjectKey: keys });
const sorted = (payloads: readonly unknown[]) => payloads.map((one) => JSON.stringify(one)).toSorted();

/** What the function was given since the last call. */
async function given(count: number): Promise<readonly string[]> {
  await expect.poll(() => received.length, { timeout: 30_000 }).toBe(count);
  return sorted(received.splice(0));
}

test("from a bucket that nobody looks after to one where everything was processed", async () => {
  const nothing = await reconcile();
  expect([nothing.exitCode, nothing.said[0]]).toEqual([
    1,
    expect.stringMatching(
      /: no digest file of the last 24 hours lies below s3:\/\/example-cloudtrail-logs\/AWSLogs\/; /,
    ),
  ]);

  // More files than one call to the table or the bucket takes at once.
  const names = Array.from({ length: 120 }, (_, index) => `f${index}`);
  const files = new Map(names.map((name) => [keyOf(name), logFile(record({ eventID: name }))]));
  const seals = Object.fromEntries(Array.from(files, ([key, bytes]) => [key, sealOf(bytes)]));
  for (const [key, bytes] of files) await put(key, bytes);
  // The hour in which the table came, ending now; and the one before, of which the ledger knows nothing.
  const nowMs = Math.ceil(Date.now() / 1000) * 1000;
  const [earlier, now] = [digestKeyOf(stamp(nowMs - HOUR_MS)), digestKeyOf(stamp(nowMs))];
  const old = digestFile(
    digest({ [keyOf("old")]: "0".repeat(64) }, { digestEndTime: new Date(nowMs - HOUR_MS).toISOString() }),
  );
  await put(earlier, old);
  await put(now, digestFile(digest(seals, { digestEndTime: new Date(nowMs).toISOString(), ...follows(earlier, old) })));
  const [missing1 = "", missing2 = "", gone = "", altered = "", ...processed] = files.keys();
  for (const key of processed) await ledger.markProcessed({ bucket: BUCKET, key }, { sha256: seals[key] ?? "" });
  await ledger.markProcessed({ bucket: BUCKET, key: altered }, { sha256: "f".repeat(64) });
  await new S3Client(config).send(new DeleteObjectCommand({ Bucket: BUCKET, Key: gone }));

  const looked = await reconcile("--dry-run", "--json");
  expect([looked.exitCode, JSON.parse(looked.output), received]).toMatchObject([
    1,
    {
      digests: 2,
      listed: 121,
      processed: 117,
      unknown: 1,
      missing: [{}, {}],
      altered: [{}],
      removed: [{}],
      breaks: [],
    },
    [],
  ]);
  const first = await reconcile("--json");
  expect([first.exitCode, first.said, JSON.parse(first.output).handedIn]).toEqual([1, [], { logFiles: 2, digests: 1 }]);
  expect(await given(2)).toEqual(sorted([payload(missing1, missing2), payload(now)]));

  // What the function would do, and somebody who puts back what was there.
  for (const key of [missing1, missing2, gone, altered]) {
    await put(key, files.get(key) ?? new Uint8Array());
    await ledger.markProcessed({ bucket: BUCKET, key }, { sha256: seals[key] ?? "" });
  }
  const second = await reconcile();
  expect([second.exitCode, second.output.split("\n")[0]]).toEqual([
    0,
    "Every log file of which the ledger can know was processed, and was what CloudTrail wrote.",
  ]);

  await put(missing1, logFile(record({ eventID: "other" })));
  const third = await reconcile("--read-all", "--json");
  expect([third.exitCode, JSON.parse(third.output)]).toMatchObject([
    1,
    {
      altered: [{ object: `s3://${BUCKET}/${missing1}`, when: "after it was processed" }],
      removed: [{ object: `s3://${BUCKET}/${keyOf("old")}`, processed: false }],
      handedIn: { logFiles: 0, digests: 0 },
    },
  ]);
  expect(received).toEqual([]);
});

describe("the adapters", () => {
  test("tell how long the table keeps a note, and that there is none", async () => {
    const object = { bucket: BUCKET, key: "noted" };
    await ledger.markProcessed(object, { sha256: "0".repeat(64) });
    const view = await ledgerTable(TABLE, config);
    const kept = await view.keptMs(object);
    expect(Math.abs((kept ?? 0) - 30 * 24 * HOUR_MS)).toBeLessThan(1_000);
    expect(await view.keptMs({ bucket: BUCKET, key: "nowhere" })).toBe(undefined);
  });

  test("say what there is not", async () => {
    const said = async (...args: readonly string[]) => (await reconcile(...args)).said;
    expect([await said("--table", "nowhere"), await said("--bucket", "nowhere")]).toEqual([
      [
        'cloudtrail-to-slack: the ledger\'s table "nowhere" in us-east-1 does not exist; name it with --table, or its region with --region; where the ledger is off (`ledger.enabled = false`), nobody knows what was processed',
      ],
      ['cloudtrail-to-slack: the bucket "nowhere" in us-east-1 does not exist; name the trail\'s bucket with --bucket'],
    ]);
    const submit = await liveFunctionLater("nobody", config);
    await expect(submit("{}")).rejects.toThrow(
      'the function "nobody" (alias live) in us-east-1 does not exist; name it with --function-name, or its region with --region',
    );
  });

  test("say what is not allowed", async () => {
    const iam = new IAMClient(config);
    await iam.send(new CreateUserCommand({ UserName: "nobody" }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "nobody" }));
    const { AccessKeyId: accessKeyId = "", SecretAccessKey: secretAccessKey = "" } = AccessKey ?? {};
    const nobodys = { ...config, credentials: { accessKeyId, secretAccessKey } };
    const forbidden = (what: string, action: string) =>
      new RegExp(`^${what} in us-east-1 is not open to these credentials \\(.*\\); allow ${action}`);
    const [objects, view] = [await bucketObjects(BUCKET, nobodys), await ledgerTable(TABLE, nobodys)];
    const submit = await liveFunctionLater(FUNCTION_NAME, nobodys);
    await expect(objects.list(BUCKET, "")).rejects.toThrow(forbidden(`the bucket "${BUCKET}"`, "s3:ListBucket"));
    await expect(view.createdMs()).rejects.toThrow(
      forbidden(`the ledger's table "${TABLE}"`, "dynamodb:DescribeTable"),
    );
    await expect(view.processed([{ bucket: BUCKET, key: "a" }])).rejects.toThrow("dynamodb:BatchGetItem");
    await expect(submit("{}")).rejects.toThrow(forbidden('the function "audit" .alias live.', "lambda:InvokeFunction"));
  });

  test("end everything where no other object could be read either", async () => {
    const wrong = { ...config, credentials: { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "x" } };
    const read = async (given: typeof config) => {
      const objects = await bucketObjects(BUCKET, given);
      await objects.read({ bucket: BUCKET, key: "a" })[Symbol.asyncIterator]().next();
    };
    await expect(read(wrong)).rejects.toThrow(/^AWS does not accept the credentials \(.*\); sign in again$/);
    await expect(read({ ...config, endpoint: "http://127.0.0.1:1" })).rejects.toThrow(
      / cannot be reached \(.*\); check /,
    );
    await expect(read(config)).rejects.toThrow(/^s3:\/\/example-cloudtrail-logs\/a could not be read: NoSuchKey/);
  });
});
