import type {
  AccountDirectory,
  Ledger,
  MessageQueue,
  ObjectStore,
  ParameterStore,
  Publisher,
  TagStore,
} from "#model/ports.ts";
import type { LedgerOptions } from "./dynamodb.ts";

/**
 * The adapters, each loaded when it is first asked: `lambda/bundle.ts` puts it into a file of its own, and the clients of
 * AWS take longer to load than everything else together. A deployment uses some of them.
 */

/** Loads once. What could not be loaded is tried again. */
function loaded<T>(load: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => {
    value ??= load().catch((error) => {
      value = undefined;
      throw error;
    });
    return value;
  };
}

/** Parameters, which every deployment reads first: they begin to load behind what is being loaded now. */
export function parametersSoon(): ParameterStore {
  const store = loaded(async () => (await import("./ssm.ts")).ssmParameterStore());
  // AWS gives a whole processor to a function that starts, and a part of one to what it does later. What fails now is tried
  // again when parameters are asked for, and fails there for all to see.
  store().catch(() => {});
  return { get: async (names) => (await store()).get(names) };
}

/** Objects, for sources that name log files. */
export function objectsWhenNeeded(): ObjectStore {
  const store = loaded(async () => (await import("./s3.ts")).s3ObjectStore());
  return {
    async *read(object) {
      yield* (await store()).read(object);
    },
    list: async (bucket, prefix) => (await store()).list(bucket, prefix),
  };
}

/** Topics, for deployments that publish. */
export function publisherWhenNeeded(): Publisher {
  const publisher = loaded(async () => (await import("./sns.ts")).snsPublisher());
  return { publish: async (message) => (await publisher()).publish(message) };
}

/** Tags, for the rule about required tags, once it matched. */
export function tagStoreWhenNeeded(): TagStore {
  const store = loaded(async () => (await import("./ec2.ts")).ec2TagStore());
  return { tagsOf: async (region, ids) => (await store()).tagsOf(region, ids) };
}

/** Names of accounts, for deployments that show them. */
export function directoryWhenNeeded(): AccountDirectory {
  const directory = loaded(async () => (await import("./organizations.ts")).organizationsDirectory());
  return {
    async *names() {
      yield* (await directory()).names();
    },
  };
}

/** Queues, once something is to come again. */
export function queueWhenNeeded(): MessageQueue {
  const queue = loaded(async () => (await import("./sqs.ts")).sqsMessageQueue());
  return {
    send: async (...message) => (await queue()).send(...message),
    delay: async (...message) => (await queue()).delay(...message),
  };
}

/** The ledger, for deployments that have a table. */
export function ledgerWhenNeeded(options: LedgerOptions): Ledger {
  const ledger = loaded(async () => (await import("./dynamodb.ts")).dynamodbLedger(options));
  return {
    delivered: async (keys) => (await ledger()).delivered(keys),
    claim: async (...claim) => (await ledger()).claim(...claim),
    confirm: async (key) => (await ledger()).confirm(key),
    release: async (key) => (await ledger()).release(key),
    window: async (id) => (await ledger()).window(id),
    keepWindow: async (...window) => (await ledger()).keepWindow(...window),
    takeSlot: async (...slot) => (await ledger()).takeSlot(...slot),
    processed: async (objects) => (await ledger()).processed(objects),
    markProcessed: async (...processed) => (await ledger()).markProcessed(...processed),
  };
}
