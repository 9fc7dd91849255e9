import { EC2Client, paginateDescribeTags } from "@aws-sdk/client-ec2";
import type { TagStore } from "#model/ports.ts";
import { impatience } from "./impatience.ts";

/** How many ids one call may name. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html */
const MAX_IDS = 200;

/** How long all that is asked of one region may take, in milliseconds: there may be many pages. */
const MAX_ASKING_MS = 8_000;

/** Two attempts fit into {@link MAX_ASKING_MS}. */
const impatientClient = (region: string) =>
  new EC2Client({ region, maxAttempts: 2, requestHandler: impatience(2_000) });

/**
 * Tags of EC2 resources of the function's account.
 * @param connect opens a client for a region, when it is first asked about
 */
export function ec2TagStore(
  connect: (region: string) => EC2Client = impatientClient,
  maxAskingMs: number = MAX_ASKING_MS,
): TagStore {
  const clients = new Map<string, EC2Client>();
  return {
    async tagsOf(region, ids) {
      const client = clients.get(region) ?? connect(region);
      clients.set(region, client);
      const abortSignal = AbortSignal.timeout(maxAskingMs);
      const tags = new Map<string, Map<string, string>>();
      for (let from = 0; from < ids.length; from += MAX_IDS) {
        const Filters = [{ Name: "resource-id", Values: ids.slice(from, from + MAX_IDS) }];
        for await (const { Tags = [] } of paginateDescribeTags({ client }, { Filters }, { abortSignal })) {
          for (const { ResourceId = "", Key = "", Value = "" } of Tags) {
            tags.set(ResourceId, (tags.get(ResourceId) ?? new Map()).set(Key, Value));
          }
        }
      }
      return tags;
    },
  };
}
