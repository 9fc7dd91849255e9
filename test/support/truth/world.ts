import { EC2Client } from "@aws-sdk/client-ec2";
import type { AwsRequest } from "./request.ts";

/** What EC2 keeps and moto does not. Instances, snapshots and interfaces are known by their ids. */
export type TruthState = {
  /** Times (ISO 8601) of the diagnostic interrupts that an instance received. */
  readonly interrupts: Map<string, string[]>;
  readonly locks: Map<string, SnapshotLock>;
  /** What a test says of an instance that moto cannot say. */
  readonly facts: Map<string, InstanceFacts>;
};

/** A lock as DescribeLockedSnapshots tells it; times in milliseconds since 1970. */
export type SnapshotLock = {
  readonly mode: "governance" | "compliance";
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly days: number;
  /** End of the time in which a compliance lock can still be undone. */
  readonly coolOffUntilMs?: number;
  readonly coolOffHours?: number;
};

/** What makes an instance special. */
export type InstanceFacts = {
  /** Its root volume lives on the host: it cannot be stopped. */
  rootDeviceType?: "instance-store";
  /** What its console shows; the empty text when there is nothing yet. */
  consoleOutput?: string;
};

/** What the rules of EC2 look at. */
export type World = {
  readonly state: TruthState;
  /** Asks moto directly, in the region and account of that call; such calls are not in the journal. */
  readonly ec2: (of: Pick<AwsRequest, "region" | "accessKeyId">) => EC2Client;
};

/** An empty state. */
export function emptyState(): TruthState {
  return { interrupts: new Map(), locks: new Map(), facts: new Map() };
}

/** A world on a running moto. */
export function createWorld(moto: string): World & { readonly close: () => void } {
  const clients = new Map<string, EC2Client>();
  return {
    state: emptyState(),
    ec2: ({ region, accessKeyId }) => {
      const key = `${region} ${accessKeyId}`;
      const known = clients.get(key);
      if (known !== undefined) return known;
      const credentials = { accessKeyId, secretAccessKey: "test" };
      const client = new EC2Client({ endpoint: moto, region, credentials, maxAttempts: 1 });
      clients.set(key, client);
      return client;
    },
    close: () => {
      for (const client of clients.values()) client.destroy();
    },
  };
}
