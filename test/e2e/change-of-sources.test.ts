import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucketWriter, openOnMinistack } from "#test/support/deployment.ts";
import { startEmulators } from "#test/support/emulators.ts";
import type { Ministack } from "#test/support/ministack.ts";
import { keyOf, logFile, trailStopped } from "#test/support/records.ts";
import { type SlackStandIn, startSlackStandIn } from "#test/support/slack-stand-in/server.ts";
import type { TerraformRoot, TerraformVariables } from "#test/support/terraform.ts";
import { toldAlerts } from "#test/support/told.ts";

let ministack: Ministack;
let slack: SlackStandIn;
let root: TerraformRoot;
let put: (id: string) => Promise<void>;

beforeAll(async () => {
  ministack = await startEmulators();
  slack = await startSlackStandIn({ messagesPerSecond: 1_000, burst: 1_000 });
  root = await openOnMinistack("test/e2e/root", {
    ministack,
    functionName: "changes",
    variables: { name: "changes", hook: slack.hook("default") },
  });
  await root.apply();
  const write = bucketWriter(ministack);
  const bucket = String((await root.outputs()).bucket);
  put = (id) => write(bucket, keyOf(id), logFile(trailStopped("111111111111", { eventID: id })));
});

afterAll(async () => {
  await root?.close();
  await slack?.close();
  await ministack?.stop();
});

const NOTIFICATION = "aws_s3_bucket_notification.this[0]";
const PERMISSION = "aws_lambda_permission.bucket[0]";
const TARGET = 'aws_cloudwatch_event_target.this["objects"]';

/** What Terraform did to the bucket's notification and to the last station of both ways, in its order. */
function stepsOf(output: string): readonly string[] {
  const lines = output.matchAll(/^module\.cloudtrail_to_slack\.(\S+): (\w+(?: complete(?= after))?)/gm);
  return [...lines].flatMap(([, address = "", step = ""]) =>
    [NOTIFICATION, PERMISSION, TARGET].includes(address) && /^(Creat|Modif|Destr)/.test(step)
      ? [`${step} ${address}`]
      : [],
  );
}

/** Applies while log files come, and resolves with what Terraform printed and the ids of those files. */
async function applyWhileFilesCome(variables: TerraformVariables, prefix: string) {
  let applying = true;
  const applied = root.apply({ variables }).finally(() => {
    applying = false;
  });
  const putFiles = async () => {
    const ids: string[] = [];
    while (applying) {
      const id = `${prefix}-${ids.length}`;
      await put(id);
      ids.push(id);
      // A hook takes one message per second: faster, and they would only queue up.
      await sleep(1_100);
    }
    return ids;
  };
  const [output, ids] = await Promise.all([applied, putFiles()]);
  return { output, ids };
}

/** The alerts, once so many messages are there and no more come. */
async function told(count: number): Promise<readonly string[]> {
  await expect.poll(() => slack.received().length, { timeout: 120_000 }).toBeGreaterThanOrEqual(count);
  await sleep(2_000);
  return toldAlerts(slack.received());
}

describe("a change of the way that log files take", () => {
  test.each([
    [
      "from the function itself to EventBridge",
      "to-eventbridge",
      {
        sources: { eventbridge: {} },
        steps: [
          `Creating ${TARGET}`,
          `Creation complete ${TARGET}`,
          `Modifying ${NOTIFICATION}`,
          `Modifications complete ${NOTIFICATION}`,
          `Destroying ${PERMISSION}`,
          `Destruction complete ${PERMISSION}`,
        ],
      },
    ],
    [
      "from EventBridge to the function itself",
      "to-the-function",
      {
        sources: {},
        steps: [
          `Creating ${PERMISSION}`,
          `Creation complete ${PERMISSION}`,
          `Modifying ${NOTIFICATION}`,
          `Modifications complete ${NOTIFICATION}`,
          `Destroying ${TARGET}`,
          `Destruction complete ${TARGET}`,
        ],
      },
    ],
  ])(
    "%s lets the bucket use the new way once it is whole, and removes the old one last",
    async (_change, name, { sources, steps }) => {
      slack.clear();
      await put(`before-${name}`);
      expect(await told(1)).toEqual([`default before-${name}`]);

      slack.clear();
      const { output, ids } = await applyWhileFilesCome({ sources }, name);
      expect(stepsOf(output)).toEqual(steps);
      // Each file, and none twice.
      expect(ids.length).toBeGreaterThan(5);
      expect(await told(ids.length)).toEqual(ids.map((id) => `default ${id}`).toSorted());

      slack.clear();
      await put(`after-${name}`);
      expect(await told(1)).toEqual([`default after-${name}`]);
      expect(await root.pendingChanges()).toEqual([]);
    },
  );
});
