import { openOnMinistack } from "#test/support/deployment.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { BUCKET } from "#test/support/records.ts";
import type { SlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot } from "#test/support/terraform.ts";
import type { FaultySlack } from "./faulty-slack.ts";
import { soakAccounts } from "./load.ts";

/** The root's bucket is then the one that the sample data names. */
export const FUNCTION = BUCKET.replace(/-logs$/, "");
/** Each account but the last two has a channel of its own: one hook takes one message per second. */
export const ACCOUNTS = soakAccounts(42);
const ROUTED = ACCOUNTS.slice(0, 40);
/** Its hook dies in the middle of the run. */
export const DYING = ACCOUNTS[7] ?? "";
/** Small, because what a killed process had taken from the queue comes again after six times as long. */
export const TIMEOUT_SECONDS = 20;
/** The delays are 10, 20, 40 and 80 s: longer than the outage, and a corrupt file is a dead letter within minutes. */
const MAX_ATTEMPTS = 4;

/** Where alerts of an account come. */
export function channelOf(account: string): string {
  return ROUTED.includes(account) ? `account-${account}` : "default";
}

/** Applies the smallest root with a hook for each account, behind what makes answers go wrong. */
export async function deploy(ministack: Ministack, slack: SlackStandIn, faulty: FaultySlack): Promise<TerraformRoot> {
  const hook = (channel: string) => faulty.hook(slack.hook(channel));
  const root = await openOnMinistack("test/e2e/root", {
    ministack,
    functionName: FUNCTION,
    variables: {
      name: FUNCTION,
      hook: hook("default"),
      configuration: ROUTED.map((account) => ({ accounts: [account], slack_hook_url: hook(channelOf(account)) })),
      timeout_seconds: TIMEOUT_SECONDS,
      max_attempts: MAX_ATTEMPTS,
    },
  });
  await root.apply().catch(async (error) => {
    await root.close();
    throw error;
  });
  return root;
}
