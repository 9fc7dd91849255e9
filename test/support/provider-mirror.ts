import { randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { repoRoot, run, withLock } from "./tools.ts";

/** What test support keeps between runs. */
export const cacheFolder = join(repoRoot, ".cache");
const providerAddress = "hashicorp/aws";
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

/** Whether a folder holds hosts, one of which holds a supported version of the provider. */
async function isMirror(folder: string): Promise<boolean> {
  const hosts = await readdir(folder).catch(() => []);
  const found = await Promise.all(hosts.map((host) => holdsProvider(join(folder, host, providerAddress))));
  return found.includes(true);
}

/** The root of a mirror (the folder that holds hosts, which hold namespaces) or undefined when the machine has none. */
async function findMirror(): Promise<string | undefined> {
  for (const mirror of impliedMirrors()) if (await isMirror(mirror)) return mirror;
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
      return (await isMirror(mirror)) ? { mirror } : undefined;
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
  // GOGC: what fills the memory of Terraform and provider are schemas, which stay. Looking for garbage among them as often as
  // Go does by itself takes a fifth of their time.
  const quiet = { TF_IN_AUTOMATION: "1", TF_INPUT: "0", CHECKPOINT_DISABLE: "1", GOGC: "400" };
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
