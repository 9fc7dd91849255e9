import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import {
  DescribeStateMachineCommand,
  ListStateMachinesCommand,
  SendTaskFailureCommand,
  SFNClient,
  UpdateStateMachineCommand,
} from "@aws-sdk/client-sfn";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./support/deployed.ts";
import { finding } from "./support/finding.ts";
import { BUCKET, elsewhere, groupsOf, keysIn, launch, objectIn, respond, type Scene } from "./support/scene.ts";

let deployed: Deployed;
beforeAll(async () => {
  const topicArn = "arn:aws:sns:us-east-1:000000000000:slack-events";
  deployed = await deploy(() => ({ approvePowerOff: true, nmiGraceSeconds: 1, maxPerHour: 1, topicArn }));
});
afterAll(() => deployed?.stop());

/** Waits until an execution asks a person. @returns its case */
async function asked(scene: Scene, id: string): Promise<string> {
  const waiting = async () =>
    (await keysIn(scene, "cases/")).find((key) => key.includes(id) && key.includes("approval-"));
  await expect.poll(waiting, { timeout: 60_000 }).toBeDefined();
  return (await waiting())?.split("/")[1] ?? "";
}

test.each([
  ["approve", 0, ["StopInstances"]],
  ["deny", 4, []],
] as const)("the power-off waits for a person, isolation does not: %s", async (answer, code, stops) => {
  const scene = await elsewhere(deployed.scene);
  const id = await launch(scene);
  const running = respond("-i", id, "--mode", "full", "--yes");
  const name = await asked(scene, id);
  expect((await groupsOf(scene, id)).flat()).not.toContain(scene.groupId);
  expect(scene.truth.calls("StopInstances")).toEqual([]);
  expect((await respond(answer, name)).code).toBe(0);
  const ended = await running;
  expect({ code: ended.code, out: ended.code === code ? "" : ended.out }).toEqual({ code, out: "" });
  expect(scene.truth.calls("StopInstances").map(({ action }) => action)).toEqual(stops);
});

/** Sends a finding to the function. @returns the name of the execution that it started */
async function send(scene: Scene, id: string, instanceId: string): Promise<string> {
  const Payload = JSON.stringify(finding(id, instanceId));
  const invoke = new InvokeCommand({ FunctionName: "incident-response", Qualifier: "live", Payload });
  const answer = await new LambdaClient(scene.truth.client).send(invoke);
  return JSON.parse(Buffer.from(answer.Payload ?? []).toString()).started[0];
}

/** The question of an earlier execution of the case, which waits no more. */
async function leftBehind({ s3 }: Scene, name: string): Promise<void> {
  const Body = JSON.stringify({ token: "of an execution that ended", step: "ApprovePowerOff" });
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `cases/${name}/approval-ApprovePowerOff.json`, Body }));
}

test("trap 41: of more findings than the limit of an hour, each waits for a person, and isolates what is approved", async () => {
  const scene = await elsewhere(deployed.scene);
  const [first, approved, denied] = [await launch(scene), await launch(scene), await launch(scene)];
  const isOut = async (id: string) => !(await groupsOf(scene, id)).flat().includes(scene.groupId);
  for (const id of [first, approved, denied]) await send(scene, `finding-${id}`, id);
  const cases = [await asked(scene, approved), await asked(scene, denied)];
  expect([await isOut(approved), await isOut(denied)]).toEqual([false, false]);
  await leftBehind(scene, cases[0] ?? "");
  expect((await respond("approve", cases[0] ?? "")).code).toBe(0);
  expect((await respond("deny", cases[1] ?? "")).code).toBe(0);
  await expect.poll(() => isOut(approved), { timeout: 60_000 }).toBe(true);
  expect((await respond("status", denied)).out).toContain("waits for an answer, or was denied");
  expect(await isOut(denied)).toBe(false);
});

test("a question that ends without an answer of a person is no denial: people are paged, and the execution fails", async () => {
  const scene = await elsewhere(deployed.scene);
  const ids = [await launch(scene), await launch(scene)];
  for (const id of ids) await send(scene, `finding-${id}`, id);
  const [, id = ""] = ids;
  const key = `cases/${await asked(scene, id)}/approval-ApproveContain.json`;
  const { token: taskToken } = JSON.parse((await objectIn(scene, key)).toString());
  // As when nobody has answered in time; the emulator does not end a task whose function failed.
  const cause = "nobody answered";
  await new SFNClient(scene.truth.client).send(
    new SendTaskFailureCommand({ taskToken, error: "States.Timeout", cause }),
  );
  const paged = () =>
    scene.truth.calls("Publish").filter(({ params }) => params.Subject?.includes(`${id} is NOT ISOLATED`));
  await expect.poll(() => paged().length, { timeout: 60_000 }).toBe(1);
  expect(paged()[0]?.params.Message).toContain("Why: States.Timeout: nobody answered");
});

test("an execution that cannot tell how it ended fails, and respond says that the instance is isolated: exit 4", async () => {
  const scene = await elsewhere(deployed.scene);
  const id = await launch(scene);
  const sfn = new SFNClient(scene.truth.client);
  const { stateMachines: [machine] = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const stateMachineArn = machine?.stateMachineArn;
  const { definition = "" } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const unable = JSON.parse(definition);
  unable.States.Notify.Parameters.FunctionName += "-that-is-gone";
  const update = (changed: string) => sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: changed }));
  await update(JSON.stringify(unable));
  const { code, out } = await respond("-i", id).finally(() => update(definition));
  expect({ code, groups: (await groupsOf(scene, id)).flat().includes(scene.groupId) }).toEqual({
    code: 4,
    groups: false,
  });
  expect(out).toContain(`${id} is isolated, but the execution ended: FAILED IR.Unknown`);
});
