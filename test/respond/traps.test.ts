import { DescribeInstanceAttributeCommand, type RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { BUCKET, elsewhere, groupsOf, keysIn, launch, respond, type Scene } from "./support/scene.ts";
import { useScene } from "./support/use-scene.ts";

const account = await useScene();

async function contained(
  input: Partial<RunInstancesCommandInput>,
  prepare: (scene: Scene, id: string) => void = () => {},
) {
  const scene = await elsewhere(account);
  const id = await launch(scene, input);
  prepare(scene, id);
  const { code, lines } = await respond("-i", id, "--json");
  const steps = Object.fromEntries(
    lines.filter(({ event }) => event === "step").map(({ step, status }) => [step, status]),
  );
  return { code, steps, id, scene, isolated: !(await groupsOf(scene, id)).flat().includes(scene.groupId) };
}

test("A13 trap 13 15: a spot instance is isolated and its disks are kept; protection is skipped, not failed", async () => {
  const spot = { InstanceMarketOptions: { MarketType: "spot" as const } };
  const { code, steps, isolated } = await contained(spot);
  expect({ code, isolated }).toEqual({ code: 0, isolated: true });
  expect(steps).toMatchObject({ LiveSnapshots: "ok", TerminationProtection: "skipped", ShutdownBehavior: "skipped" });
});

test("trap 23: a machine without screenshots, or without the latest output, is no failure", async () => {
  const arm = await contained({ InstanceType: "m6g.large" });
  expect({ code: arm.code, screenshot: arm.steps.Screenshot, output: arm.steps.ConsoleOutput }).toEqual({
    code: 0,
    screenshot: "skipped",
    output: "ok",
  });
  const xen = await contained({ InstanceType: "t2.micro" });
  expect({ code: xen.code, output: xen.steps.ConsoleOutput }).toEqual({ code: 0, output: "ok" });
});

test("trap 16: of an instance whose root is an instance store, the shutdown behaviour is left alone", async () => {
  const { code, steps } = await contained({}, ({ truth }, id) => truth.say(id, { rootDeviceType: "instance-store" }));
  expect({ code, shutdown: steps.ShutdownBehavior }).toEqual({ code: 0, shutdown: "skipped" });
});

test("trap 18: a shutdown from inside stops the instance instead of ending it", async () => {
  const { id, scene } = await contained({ InstanceInitiatedShutdownBehavior: "terminate" });
  const asked = { InstanceId: id, Attribute: "instanceInitiatedShutdownBehavior" } as const;
  const { InstanceInitiatedShutdownBehavior: now } = await scene.ec2.send(new DescribeInstanceAttributeCommand(asked));
  expect(now?.Value).toBe("stop");
});

test("B7: --kms-key-description finds the enabled key among all; without one, AWS's own key is used and exit 4 says so", async () => {
  const { KeyMetadata } = await account.kms.send(
    new CreateKeyCommand({ Description: "test", KeyUsage: "ENCRYPT_DECRYPT" }),
  );
  const scene = await elsewhere(account);
  const id = await launch(scene);
  const found = await respond("-i", id, "--kms-key-description", "test");
  expect({ code: found.code, out: found.code === 0 ? "" : found.out }).toEqual({ code: 0, out: "" });
  const [Key = ""] = (await keysIn(scene, "cases/")).filter(
    (key) => key.includes(id) && key.endsWith("screenshot.jpg"),
  );
  const { SSEKMSKeyId } = await scene.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key }));
  expect(SSEKMSKeyId).toBe(KeyMetadata?.Arn);
  const other = await launch(scene);
  expect((await respond("-i", other, "--kms-key-description", "no such")).code).toBe(4);
});

test("A14: several instances, by id and by tag; the worst exit code counts", async () => {
  const scene = await elsewhere(account);
  const tagged = { TagSpecifications: [{ ResourceType: "instance" as const, Tags: [{ Key: "fleet", Value: "red" }] }] };
  const ids = [await launch(scene, tagged), await launch(scene, tagged)];
  const { code, lines } = await respond("--tag", "fleet=red", "--json");
  expect(code).toBe(0);
  expect(
    lines
      .filter(({ event }) => event === "ended")
      .map(({ instance }) => instance)
      .sort(),
  ).toEqual([...ids].sort());
  expect((await groupsOf(scene, ids[0] ?? "")).flat()).not.toContain(scene.groupId);
  expect((await respond("-i", ids[0] ?? "", "-i", "i-0123456789abcdef0")).code).toBe(3);
});

test("trap 33: throttled everywhere, it still isolates and ends well", async () => {
  const scene = await elsewhere(account);
  const id = await launch(scene);
  scene.truth.limit({ on: ({ service }) => service === "ec2", perSecond: 10, burst: 5 });
  const { code, out } = await respond("-i", id);
  scene.truth.forgetCalls();
  expect({ code, out: code === 0 ? "" : out }).toEqual({ code: 0, out: "" });
});
