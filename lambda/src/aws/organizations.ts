import { OrganizationsClient, paginateListAccounts } from "@aws-sdk/client-organizations";
import type { AccountDirectory } from "#model/ports.ts";
import { impatience } from "./impatience.ts";

/** Most that one page may hold. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html */
const PAGE_SIZE = 20;

/** The accounts of the organization whose management account, or a delegated administrator of which, the function's is. */
export function organizationsDirectory(makeClient: () => OrganizationsClient = defaultClient): AccountDirectory {
  let client: OrganizationsClient | undefined;
  return {
    async *names() {
      client ??= makeClient();
      for await (const { Accounts = [] } of paginateListAccounts({ client, pageSize: PAGE_SIZE }, {})) {
        yield new Map(Accounts.flatMap(({ Id, Name }) => (Id && Name ? [[Id, Name] as const] : [])));
      }
    },
  };
}

/** Names are not worth waiting for. */
function defaultClient(): OrganizationsClient {
  return new OrganizationsClient({ maxAttempts: 2, requestHandler: impatience(2_000) });
}
