import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, parse, relative, resolve, sep } from "node:path";
import { cacheFolder, terraformEnvironment } from "./provider-mirror.ts";
import { type Environment, onProcessEnd, type RunResult, repoRoot, requireTool, run, withLock } from "./tools.ts";

/** Values of Terraform variables; lists and maps as in JSON. */
export type TerraformVariables = Readonly<Record<string, unknown>>;

/** How `openRoot` runs Terraform. */
export type RootOptions = {
  /** Added to this process's environment, of which nothing that starts with AWS_ or TF_ is passed on. */
  readonly env?: Environment;
  /** Values for the root's variables. */
  readonly variables?: TerraformVariables;
  /** Operations at the same time (Terraform's own 10 when absent). */
  readonly parallelism?: number;
  /** Milliseconds that one Terraform command may take (5 minutes when absent). */
  readonly timeoutMs?: number;
};

/** How one `apply` differs from the root's settings. */
export type ApplyOptions = {
  /** Laid over the root's variables, and kept for the later commands once the apply has succeeded. */
  readonly variables?: TerraformVariables;
  /** Resolve when Terraform fails with exit code 1, and reject when it succeeds. */
  readonly expectFailure?: boolean;
};

/** A Terraform root with state, lock file and variables of its own. Each method rejects with what Terraform said. */
export type TerraformRoot = {
  /** The temporary folder that Terraform runs in. */
  readonly directory: string;
  readonly init: () => Promise<void>;
  readonly validate: () => Promise<void>;
  /** Plans; `json` is what `terraform show -json` says about the plan. The variables count for this plan only. */
  readonly plan: (options?: {
    readonly variables?: TerraformVariables;
  }) => Promise<{ readonly changes: boolean; readonly json: unknown }>;
  /** Applies and resolves with what Terraform printed: standard output, then standard error. */
  readonly apply: (options?: ApplyOptions) => Promise<string>;
  /** What another apply would do, one line each ("aws_s3_bucket.logs: update", "output.arn: create"). */
  readonly pendingChanges: () => Promise<readonly string[]>;
  readonly planIsEmpty: () => Promise<boolean>;
  /** The state file's text, or "" before the first apply. */
  readonly state: () => Promise<string>;
  /** The outputs' values by name, sensitive ones too. */
  readonly outputs: () => Promise<Readonly<Record<string, unknown>>>;
  readonly destroy: () => Promise<void>;
  /** Deletes state, plans and the folder, without destroying anything. */
  readonly close: () => Promise<void>;
};

async function commandEnvironment(env: Environment, folder: string): Promise<Environment> {
  // TMPDIR: a provider that is killed leaves its socket behind.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_") && !name.startsWith("TF_"));
  return { ...Object.fromEntries(own), ...(await terraformEnvironment()), ...env, TMPDIR: folder };
}

/** What belongs to an earlier run in the developer's own folder, and must not reach ours. */
function isLeftover(name: string): boolean {
  return name === ".terraform" || name === ".terraform.lock.hcl" || /\.tfstate(\.|$)/.test(name);
}

/**
 * Resolves with a folder in which Terraform sees `directory` as it is, but for the traces of earlier runs.
 *
 * Terraform writes its lock file (and state, and data) into the folder that it runs in, and obeys a lock file that it
 * finds there. Run in the checkout, parallel tests of one example would write the same files, and a developer's own lock
 * on another provider version would decide whether tests pass. So the folder is rebuilt below `shadow` out of links: its
 * parents are real folders whose other entries are links, therefore `source = "../.."` and `file("../x")` find what they
 * find in the original. Nothing is copied, so nothing goes stale.
 */
async function shadowOf(directory: string, shadow: string): Promise<string> {
  const inCheckout = directory === repoRoot || directory.startsWith(repoRoot + sep);
  let source = inCheckout ? repoRoot : parse(directory).root;
  let target = shadow;
  const steps = relative(source, directory).split(sep);
  for (const step of [...steps.filter((name) => name !== ""), undefined]) {
    await mkdir(target, { recursive: true });
    // Of a parent that may be passed but not listed, nothing can be linked.
    const names = await readdir(source).catch(() => []);
    const linked = names.filter((name) => name !== step && !isLeftover(name));
    await Promise.all(linked.map((name) => symlink(join(source, name), join(target, name))));
    if (step === undefined) break;
    source = join(source, step);
    target = join(target, step);
  }
  return target;
}

type Workspace = {
  readonly directory: string;
  readonly folder: string;
  readonly terraform: (args: readonly string[], acceptedExitCodes?: readonly number[]) => Promise<RunResult>;
  readonly init: () => Promise<void>;
  readonly close: () => Promise<void>;
};

async function openWorkspace(directory: string, env: Environment, timeoutMs: number): Promise<Workspace> {
  const { path } = await requireTool("terraform");
  const folder = await mkdtemp(join(tmpdir(), "terraform-"));
  const withdraw = onProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
  const cwd = await shadowOf(resolve(directory), join(folder, "root"));
  const fullEnv = await commandEnvironment(env, folder);
  const terraform: Workspace["terraform"] = (args, acceptedExitCodes = [0]) =>
    run(path, args, { cwd, env: fullEnv, timeoutMs, acceptedExitCodes });
  const init = async () => {
    const action = () => terraform(["init", "-no-color"]);
    // Terraform's plugin cache does not bear two writers; a mirror is only read.
    if (fullEnv.TF_PLUGIN_CACHE_DIR === undefined) await action();
    else await withLock(join(cacheFolder, "terraform-init.lock"), action);
  };
  const close = async () => {
    withdraw();
    await rm(folder, { recursive: true, force: true });
  };
  return { directory: cwd, folder, terraform, init, close };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The changes that a plan's JSON names. */
function describeChanges(plan: unknown): string[] {
  if (!isRecord(plan)) return [];
  const resources = Array.isArray(plan.resource_changes) ? plan.resource_changes.filter(isRecord) : [];
  const outputs = isRecord(plan.output_changes) ? Object.entries(plan.output_changes) : [];
  const changes: [name: string, change: unknown][] = [
    ...resources.map((resource): [string, unknown] => [String(resource.address), resource.change]),
    ...outputs.map(([name, change]): [string, unknown] => [`output.${name}`, change]),
  ];
  return changes.flatMap(([name, change]) => {
    const actions = isRecord(change) && Array.isArray(change.actions) ? change.actions : [];
    return actions.every((action) => action === "no-op") ? [] : [`${name}: ${actions.join(", ")}`];
  });
}

/**
 * Opens a Terraform root: the same example may be open several times at once, and the checkout stays as it is.
 * Nothing runs until `init`; `close` it when done.
 */
export async function openRoot(directory: string, options: RootOptions = {}): Promise<TerraformRoot> {
  const { env = {}, parallelism, timeoutMs = 300_000 } = options;
  const workspace = await openWorkspace(directory, env, timeoutMs);
  const { folder, terraform } = workspace;
  const stateFile = join(workspace.directory, "terraform.tfstate");
  const common = ["-no-color", "-input=false"];
  if (parallelism !== undefined) common.push(`-parallelism=${parallelism}`);
  let variables: TerraformVariables = options.variables ?? {};

  const temporaryFile = (extension: string) => join(folder, `${randomUUID()}.${extension}`);

  // A file, because an environment variable cannot hold a list without quoting rules of its own.
  const variablesFile = async (values: TerraformVariables) => {
    const path = temporaryFile("tfvars.json");
    await writeFile(path, JSON.stringify(values), { mode: 0o600 });
    return `-var-file=${path}`;
  };

  const planTo = async (file: string, values: TerraformVariables): Promise<boolean> => {
    const args = ["plan", ...common, await variablesFile(values), "-detailed-exitcode", `-out=${file}`];
    // 2: it succeeded and there is something to do.
    return (await terraform(args, [0, 2])).exitCode === 2;
  };

  const showPlan = async (file: string): Promise<unknown> => {
    const { stdout } = await terraform(["show", "-json", file]);
    return JSON.parse(stdout);
  };

  const pendingChanges: TerraformRoot["pendingChanges"] = async () => {
    const file = temporaryFile("tfplan");
    if (!(await planTo(file, variables))) return [];
    const changes = describeChanges(await showPlan(file));
    return changes.length > 0 ? changes : ["Terraform plans a change but names none"];
  };

  return {
    directory: workspace.directory,
    init: workspace.init,
    validate: async () => {
      await terraform(["validate", "-no-color"]);
    },
    plan: async (planOptions = {}) => {
      const file = temporaryFile("tfplan");
      const changes = await planTo(file, { ...variables, ...planOptions.variables });
      return { changes, json: await showPlan(file) };
    },
    apply: async ({ variables: changed, expectFailure = false } = {}) => {
      const values = { ...variables, ...changed };
      const args = ["apply", ...common, "-auto-approve", await variablesFile(values)];
      const { stdout, stderr, exitCode } = await terraform(args, expectFailure ? [0, 1] : [0]);
      if (exitCode === 0) variables = values;
      if (exitCode === 0 && expectFailure) throw new Error(`terraform apply was to fail, but succeeded:\n${stdout}`);
      return stdout + stderr;
    },
    pendingChanges,
    planIsEmpty: async () => (await pendingChanges()).length === 0,
    state: async () => readFile(stateFile, "utf8").catch(() => ""),
    outputs: async () => {
      const { stdout } = await terraform(["output", "-json"]);
      const outputs: unknown = JSON.parse(stdout);
      if (!isRecord(outputs)) throw new Error("`terraform output -json` printed no object.");
      return Object.fromEntries(
        Object.entries(outputs).map(([name, output]) => [name, isRecord(output) ? output.value : undefined]),
      );
    },
    destroy: async () => {
      await terraform(["destroy", ...common, "-auto-approve", await variablesFile(variables)]);
    },
    close: workspace.close,
  };
}
