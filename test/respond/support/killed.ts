import { spawn } from "node:child_process";
import { once } from "node:events";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { bucketIn, keysIn, objectIn, type Scene } from "./scene.ts";

/**
 * Runs a program of Node's, and kills it when its nth change arrives at AWS, where it still takes effect.
 * @param args what follows `node`
 * @param input its standard input
 * @returns whether there was an nth; otherwise the program went to its end
 */
export async function killedAt(
  { truth, region }: Scene,
  change: number,
  args: readonly string[],
  input = "",
): Promise<boolean> {
  const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "ignore"] });
  const ended = once(child, "exit");
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const run = () => void child.kill("SIGKILL");
  const injected = truth.inject({
    on: ({ mutating }) => mutating,
    region,
    from: change,
    times: 10_000,
    fault: { kind: "meanwhile", run },
  });
  await ended;
  injected.remove();
  return injected.hits() > 0;
}

/** Who was killed still has its turn for half a minute. Lets most of that pass, so that the next one waits only for the rest. */
export async function passTime(scene: Scene, id: string): Promise<void> {
  const { s3, region } = scene;
  const claims = (await keysIn(scene, "cases/")).filter((key) => key.includes(id) && key.includes("/claims/"));
  for (const Key of claims) {
    const { atMs } = JSON.parse((await objectIn(scene, Key)).toString());
    const Body = JSON.stringify({ atMs: atMs - 22_000 });
    await s3.send(new PutObjectCommand({ Bucket: bucketIn(region), Key, Body }));
  }
}
