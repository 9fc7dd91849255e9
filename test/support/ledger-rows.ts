import { DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { clientConfig } from "./deployment.ts";
import type { Ministack } from "./ministack.ts";

/** What the ledger's table holds, by the kind of the rows. */
export interface LedgerRows {
  /** Keys of what was told: `alert/ACCOUNT/EVENT DESTINATION`, `notice/HASH DESTINATION`. */
  readonly delivered: readonly string[];
  /** The same of what is being told, or was when its process ended. */
  readonly claimed: readonly string[];
  /** Names of objects that were processed: `s3://bucket/key`. */
  readonly processed: readonly string[];
}

/** Reads the whole table of a deployment on the emulator. */
export async function ledgerRows(ministack: Ministack, functionName: string): Promise<LedgerRows> {
  const client = new DynamoDBClient(clientConfig(ministack));
  const rows = { delivered: [] as string[], claimed: [] as string[], processed: [] as string[] };
  for await (const { Items = [] } of paginateScan({ client }, { TableName: `${functionName}-ledger` })) {
    for (const { id, state } of Items) {
      const key = id?.S ?? "";
      if (state?.S === "delivered") rows.delivered.push(key);
      else if (state?.S === "claimed") rows.claimed.push(key);
      else if (key.startsWith("object/")) rows.processed.push(key.slice("object/".length));
    }
  }
  return rows;
}
