import { beforeAll, expect, test } from "vitest";
import { refusals } from "#test/support/truth/rules.ts";
import { useTruth } from "#test/support/truth/use-truth.ts";
import { refusedGroups } from "./refused-groups.ts";
import { refusedInstances } from "./refused-instances.ts";
import { refusedNetworks } from "./refused-networks.ts";
import { refusedStorage } from "./refused-storage.ts";
import { type Stage, setStage } from "./stage.ts";

const truth = await useTruth();
let stage: Stage;
beforeAll(async () => {
  stage = await setStage(truth);
});

const refused = new Set<string>();

test.each([...refusedInstances, ...refusedNetworks, ...refusedGroups, ...refusedStorage])(
  "AWS refuses %s: %s",
  async (_what, code, call) => {
    const error = await call(stage).then(
      () => "not refused",
      (reason: unknown) => (reason instanceof Error ? reason.name.replace(/Exception$/, "") : reason),
    );
    const last = truth.calls().at(-1);
    refused.add(`${last?.service}:${last?.action}`);
    expect({ error, recorded: last?.errorCode, outcome: last?.outcome, applied: last?.applied }).toEqual({
      error: code,
      recorded: code,
      outcome: "refused",
      applied: false,
    });
  },
);

test("every refusal that the proxy adds was seen", () => {
  expect(Object.keys(refusals).filter((name) => !refused.has(name))).toEqual([]);
});
