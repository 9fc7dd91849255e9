import { DescribeTableCommand, DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { dynamodbLedger } from "#aws/dynamodb.ts";
import { s3ObjectStore } from "#aws/s3.ts";
import { type Asked, awsError, concernsEverything, regionOf } from "#cli/shared/aws-error.ts";
import { LogFileError } from "#model/errors.ts";
import type { ObjectStore } from "#model/ports.ts";
import { nameOfObject } from "#model/source-item.ts";
import type { LedgerView } from "./ports.ts";

/** The adapters wrap what the SDK throws. */
const cause = (error: unknown) => (error instanceof LogFileError ? (error.cause ?? error) : error);

/** What the clients here take; tests give an endpoint. */
export interface AwsConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly forcePathStyle?: boolean;
}

/**
 * The objects of buckets, of which `bucket` is the one that is listed.
 * @throws CommandError without a region
 */
export async function bucketObjects(bucket: string, config: AwsConfig): Promise<ObjectStore> {
  const client = new S3Client({ maxAttempts: 5, followRegionRedirects: true, ...config });
  const asked: Asked = {
    what: `the bucket "${bucket}" in ${await regionOf(client)}`,
    whenMissing: "name the trail's bucket with --bucket",
    permissions: ["s3:ListBucket", "s3:GetObject"],
  };
  const store = s3ObjectStore(client);
  return {
    async *read(object) {
      try {
        yield* store.read(object);
      } catch (error) {
        throw concernsEverything(cause(error)) ? awsError(cause(error), asked) : error;
      }
    },
    list: (name, prefix) =>
      store.list(name, prefix).catch((error: unknown) => {
        throw awsError(cause(error), asked);
      }),
  };
}

/**
 * The ledger of a deployment.
 * @throws CommandError without a region
 */
export async function ledgerTable(table: string, config: AwsConfig): Promise<LedgerView> {
  const { forcePathStyle: _, ...given } = config;
  const client = new DynamoDBClient({ retryMode: "adaptive", maxAttempts: 8, ...given });
  const asked: Asked = {
    what: `the ledger's table "${table}" in ${await regionOf(client)}`,
    whenMissing:
      "name it with --table, or its region with --region; where the ledger is off (`ledger.enabled = false`), nobody knows what was processed",
    permissions: ["dynamodb:DescribeTable", "dynamodb:BatchGetItem", "dynamodb:GetItem"],
  };
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw awsError(error, asked);
    }
  };
  const reader = dynamodbLedger({
    table,
    client,
    // Only for what it writes, which is nothing here.
    retentionDays: 0,
    spacingMs: 0,
    owner: "",
    clock: { nowMs: Date.now, sleep: async () => {} },
  });
  return {
    processed: (objects) => told(reader.processed(objects)),
    async createdMs() {
      const { Table } = await told(client.send(new DescribeTableCommand({ TableName: table })));
      return Table?.CreationDateTime?.getTime() ?? 0;
    },
    async keptMs(object) {
      const Key = { id: { S: `object/${nameOfObject(object)}` } };
      const { Item } = await told(client.send(new GetItemCommand({ TableName: table, Key })));
      const [atMs, untilSeconds] = [Number(Item?.atMs?.N), Number(Item?.expiresAt?.N)];
      return Number.isFinite(untilSeconds - atMs) ? untilSeconds * 1_000 - atMs : undefined;
    },
  };
}
