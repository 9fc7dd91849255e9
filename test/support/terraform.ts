import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join, parse, relative, resolve, sep } from "node:path";
import { type Environment, onProcessEnd, type RunResult, repoRoot, requireTool, run, withLock } from "./tools.ts";

const cacheFolder = join(repoRoot, ".cache");
const providerAddress = "registry.terraform.io/hashicorp/aws";
const searchTimeoutMs = 60_000;
/** A search that found nothing is repeated after a day. */
const absenceTtlMs = 24 * 3_600_000;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Writes a file so that a parallel reader sees the old or the new content, never a part. */
async function replaceFile(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

/** This machine as Terraform names it, such as "linux_amd64". */
function platformName(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  const machine = process.arch === "x64" ? "amd64" : process.arch === "ia32" ? "386" : process.arch;
  return `${system}_${machine}`;
}

/** Whether the module's constraint on its provider (>= 5.100.0, < 7) admits a version. */
function isSupported(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+$/.exec(version)?.map(Number) ?? [];
  return major === 6 || (major === 5 && minor !== undefined && minor >= 100);
}

/** Whether a mirror's folder for hashicorp/aws holds a supported version for this platform, unpacked or as zip file. */
async function holdsProvider(folder: string): Promise<boolean> {
  const platform = platformName();
  const packed = new RegExp(`^terraform-provider-aws_(.+)_${platform}\\.zip$`);
  for (const name of await readdir(folder).catch(() => [])) {
    const zipVersion = packed.exec(name)?.[1];
    if (zipVersion !== undefined && isSupported(zipVersion)) return true;
    if (!isSupported(name)) continue;
    const files = await readdir(join(folder, name, platform)).catch(() => []);
    if (files.some((file) => file.startsWith("terraform-provider-aws"))) return true;
  }
  return false;
}

/** The folders in which Terraform itself looks for a mirror. */
function impliedMirrors(): string[] {
  const home = homedir();
  const dataHome = process.env.XDG_DATA_HOME ?? join(home, ".local/share");
  const dataFolders = (process.env.XDG_DATA_DIRS ?? "/usr/local/share:/usr/share").split(":");
  return [
    join(home, ".terraform.d/plugins"),
    ...[dataHome, ...dataFolders].map((folder) => join(folder, "terraform/plugins")),
    join(home, "Library/Application Support/io.hashicorp.terraform/plugins"),
    "/Library/Application Support/io.hashicorp.terraform/plugins",
  ];
}

/** Looks through the file system of "/", skipping what is no mirror: other projects' working folders and our own cache. */
async function searchFileSystem(): Promise<string[]> {
  const skipped = ["/proc", "/sys", "/dev", cacheFolder].flatMap((path) => ["-o", "-path", path]);
  const prune = ["(", "-name", "node_modules", "-o", "-name", ".terraform", "-o", "-name", ".git", ...skipped, ")"];
  const wanted = ["-type", "d", "-path", `*/${providerAddress}`, "-prune", "-print"];
  const found: string[] = [];
  await run("find", ["/", "-xdev", ...prune, "-prune", "-o", ...wanted], {
    timeoutMs: searchTimeoutMs,
    // 1: some folders were not readable.
    acceptedExitCodes: [0, 1],
    onLine: (line, stream) => {
      if (stream === "stdout") found.push(line);
    },
    // At the timeout, what was found until then counts.
  }).catch(() => undefined);
  return found;
}

/** The root of a mirror (the folder that holds "registry.terraform.io") or undefined when the machine has none. */
async function findMirror(): Promise<string | undefined> {
  for (const mirror of impliedMirrors()) if (await holdsProvider(join(mirror, providerAddress))) return mirror;
  for (const folder of await searchFileSystem()) if (await holdsProvider(folder)) return resolve(folder, "../../..");
  return undefined;
}

async function cachedMirror(): Promise<string | undefined> {
  const file = join(cacheFolder, "terraform-mirror.json");
  const known = async (): Promise<{ mirror: string | undefined } | undefined> => {
    const answer: unknown = JSON.parse(await readFile(file, "utf8").catch(() => "null"));
    if (typeof answer !== "object" || answer === null || !("mirror" in answer) || !("searchedAtMs" in answer)) return;
    const { mirror, searchedAtMs } = answer;
    if (typeof mirror === "string") {
      return (await holdsProvider(join(mirror, providerAddress))) ? { mirror } : undefined;
    }
    return Date.now() - Number(searchedAtMs) < absenceTtlMs ? { mirror: undefined } : undefined;
  };
  const answer =
    (await known()) ??
    (await withLock(join(cacheFolder, "terraform-mirror.lock"), async () => {
      const other = await known();
      if (other !== undefined) return other;
      const mirror = await findMirror();
      await replaceFile(file, JSON.stringify({ mirror: mirror ?? null, searchedAtMs: Date.now() }));
      return { mirror };
    }));
  return answer.mirror;
}

/**
 * What Terraform needs in its environment to find the AWS provider without questions: a mirror on this machine if there
 * is one, else the registry with a plugin cache that all roots share. The first call searches the file system (about
 * 10 s); the answer is kept in `.cache` and checked again on every use. Nothing of it depends on the caller's folder.
 */
export async function terraformEnvironment(): Promise<Record<string, string>> {
  const quiet = { TF_IN_AUTOMATION: "1", TF_INPUT: "0", CHECKPOINT_DISABLE: "1" };
  const mirror = await cachedMirror();
  if (mirror !== undefined) {
    const file = join(cacheFolder, "terraform.rc");
    await replaceFile(
      file,
      `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(mirror)}
    include = ["${providerAddress}"]
  }
  direct {
    exclude = ["${providerAddress}"]
  }
}
`,
    );
    return { ...quiet, TF_CLI_CONFIG_FILE: file };
  }

  const pluginCache = join(cacheFolder, "terraform-plugins");
  await mkdir(pluginCache, { recursive: true });
  const shared = {
    ...quiet,
    TF_PLUGIN_CACHE_DIR: pluginCache,
    // Without it, a root without a lock file downloads the provider again although the cache has it.
    TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE: "1",
  };
  const inherited = process.env.TF_CLI_CONFIG_FILE;
  if (inherited === undefined || inherited === "") return shared;
  if (await exists(inherited)) return { ...shared, TF_CLI_CONFIG_FILE: inherited };
  const empty = join(cacheFolder, "terraform-registry.rc");
  await replaceFile(empty, "");
  return { ...shared, TF_CLI_CONFIG_FILE: empty };
}

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
    state: async () => ((await exists(stateFile)) ? readFile(stateFile, "utf8") : ""),
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

/** What `terraform test` counted, and for each run or file that did not pass what Terraform said about it. */
export type MockedTestResult = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
};

/**
 * Runs the `*.tftest.hcl` files of a module folder (with its folder `tests`), which need no AWS because they mock the
 * provider. A run that ends in an error counts as failed. Rejects when Terraform gives no summary.
 */
export async function mockedTest(
  directory: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<MockedTestResult> {
  const workspace = await openWorkspace(directory, {}, options.timeoutMs ?? 300_000);
  try {
    await workspace.init();
    const { stdout, stderr } = await workspace.terraform(["test", "-json"], [0, 1]);
    const messages: unknown[] = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []));
    let summary: Readonly<Record<string, unknown>> | undefined;
    const failures: string[] = [];
    for (const message of messages.filter(isRecord)) {
      if (isRecord(message.test_summary)) summary = message.test_summary;
      if (!isRecord(message.diagnostic) || message.diagnostic.severity !== "error") continue;
      const { range, summary: title, detail } = message.diagnostic;
      const place = isRecord(range) && isRecord(range.start) ? `${range.filename}:${range.start.line}: ` : "";
      const where = typeof message["@testrun"] === "string" ? `${message["@testrun"]}: ` : "";
      failures.push(`${place}${where}${title}${detail ? `: ${detail}` : ""}`);
    }
    if (summary === undefined) throw new Error(`terraform test gave no summary:\n${[...failures, stderr].join("\n")}`);
    const { passed, failed, errored, skipped } = summary;
    return {
      passed: Number(passed),
      failed: Number(failed) + Number(errored),
      skipped: Number(skipped),
      failures,
    };
  } finally {
    await workspace.close();
  }
}
