import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { terraformEnvironment } from "./provider-mirror.ts";

/** A provider that runs until it is stopped. */
export interface SharedProvider {
  /** For Terraform, which uses the provider that runs instead of starting one. */
  readonly env: { readonly TF_REATTACH_PROVIDERS: string };
  readonly stop: () => void;
}

const READY_TIMEOUT_MS = 60_000;

/**
 * Starts the AWS provider of an initialized root once. `terraform test` starts it twice for every run otherwise, which takes
 * longer than the run. Only for runs whose providers are mocked: these do not configure it, so that none sees another.
 * https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
 * @param root the folder that Terraform runs in
 * @throws Error when it does not start
 */
export async function shareProvider(root: string): Promise<SharedProvider> {
  const provider = await providerIn(join(root, ".terraform/providers/registry.terraform.io/hashicorp/aws"));
  // It ends with us, also when we are killed: then standard input closes.
  const script = '"$0" -debug & cat >/dev/null; kill $!';
  const child = spawn("sh", ["-c", script, provider], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...(await terraformEnvironment()), PATH: process.env.PATH, TMPDIR: tmpdir() },
  });
  const stop = () => void child.stdin.end();
  const timer = setTimeout(stop, READY_TIMEOUT_MS);
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const found = /TF_REATTACH_PROVIDERS='(.+)'/.exec(line)?.[1];
    said.push(line);
    if (found === undefined) continue;
    clearTimeout(timer);
    return { env: { TF_REATTACH_PROVIDERS: found }, stop };
  }
  clearTimeout(timer);
  throw new Error(`${provider} -debug did not start within ${READY_TIMEOUT_MS / 1_000} s. It said: ${said.join("\n")}`);
}

/** The only provider below a folder of versions and platforms. */
async function providerIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !/^(LICENSE|CHANGELOG)/.test(name));
  const [name = ""] = names;
  if (names.length !== 1) throw new Error(`${folder} holds ${names.join(", ") || "nothing"} instead of one provider`);
  return name.startsWith("terraform-provider-") ? join(folder, name) : providerIn(join(folder, name));
}
