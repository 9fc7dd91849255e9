import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The absolute path of the checkout. */
export const repoRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** A command's environment: names to values; an undefined value is an unset variable. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How `run` starts a command and what it accepts from it. */
export type RunOptions = {
  /** The working folder; the process's own when absent. */
  readonly cwd?: string;
  /** The command's whole environment, nothing is added to it; the process's own when absent. */
  readonly env?: Environment;
  /** Milliseconds until the command's process group is stopped (2 minutes when absent). */
  readonly timeoutMs?: number;
  /** Milliseconds between the polite signal and the hard one (5 s when absent): Terraform uses them to write its state. */
  readonly graceMs?: number;
  /** Bytes kept of each stream, the last ones (16 MiB when absent). */
  readonly maxBytes?: number;
  /** Exit codes that are no failure (only 0 when absent). */
  readonly acceptedExitCodes?: readonly number[];
  /** Called with every line as it arrives, without its line end. */
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
};

/** What a command printed (UTF-8, at most `maxBytes` of each stream) and how it ended. */
export type RunResult = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

const endActions = new Set<() => void>();
const endSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function runEndActions(): void {
  for (const action of endActions) {
    try {
      action();
    } catch {
      // The process ends: the other actions matter more than this one's failure.
    }
  }
  endActions.clear();
}

function endBySignal(signal: NodeJS.Signals): void {
  runEndActions();
  watchProcessEnd(false);
  // Listening took the signal's default effect away; unless someone else decides, the process still dies of it.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

function watchProcessEnd(on: boolean): void {
  const change = on ? "on" : "off";
  process[change]("exit", runEndActions);
  for (const signal of endSignals) process[change](signal, endBySignal);
}

/**
 * Registers a synchronous action for the end of this process (exit, SIGINT, SIGTERM, SIGHUP).
 * Returns the function that withdraws it. Signals are listened to only while an action is registered.
 */
export function onProcessEnd(action: () => void): () => void {
  if (endActions.size === 0) watchProcessEnd(true);
  endActions.add(action);
  return () => {
    if (endActions.delete(action) && endActions.size === 0) watchProcessEnd(false);
  };
}

/** Signals every process of the group that `leaderPid` leads; a group that has ended is no error. */
export function killGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch {
    // ESRCH: nobody is left.
  }
}

/** Keeps the last `maxBytes` of a stream. */
function collectTail(stream: Readable, maxBytes: number): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    while (bytes - (chunks[0]?.length ?? bytes) >= maxBytes) bytes -= chunks.shift()?.length ?? 0;
  });
  return () => Buffer.concat(chunks).subarray(-maxBytes).toString("utf8");
}

/**
 * Runs a command in a process group of its own, without standard input, and resolves with its output.
 * Rejects with an Error that names the command, what happened (not started, stopped at the timeout, signal or exit code)
 * and the end of what it printed. The group is also stopped when this process ends.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { cwd, timeoutMs = 120_000, graceMs = 5_000, maxBytes = 16 * 1024 * 1024, onLine } = options;
  const acceptedExitCodes = options.acceptedExitCodes ?? [0];
  const shown = [command, ...args].join(" ").slice(0, 300);
  return new Promise((fulfil, reject) => {
    const child = spawn(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...(options.env ?? process.env) },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stdout = collectTail(child.stdout, maxBytes);
    const stderr = collectTail(child.stderr, maxBytes);
    if (onLine !== undefined) {
      createInterface({ input: child.stdout }).on("line", (line) => onLine(line, "stdout"));
      createInterface({ input: child.stderr }).on("line", (line) => onLine(line, "stderr"));
    }
    const stopGroup = (signal: NodeJS.Signals) => {
      if (child.pid !== undefined) killGroup(child.pid, signal);
    };
    const withdraw = onProcessEnd(() => stopGroup("SIGKILL"));
    let timedOut = false;
    let hardStop: NodeJS.Timeout | undefined;
    const softStop = setTimeout(() => {
      timedOut = true;
      stopGroup("SIGTERM");
      hardStop = setTimeout(() => stopGroup("SIGKILL"), graceMs);
    }, timeoutMs);
    const settle = (problem: string | undefined, exitCode: number, cause?: Error) => {
      clearTimeout(softStop);
      clearTimeout(hardStop);
      withdraw();
      if (problem === undefined) return fulfil({ stdout: stdout(), stderr: stderr(), exitCode });
      const tail = (stderr().trim() || stdout().trim()).slice(-4_000);
      reject(new Error(`\`${shown}\` ${problem}${tail === "" ? "." : `:\n${tail}`}`, { cause }));
    };
    child.on("error", (cause) => settle(`could not be started (${cause.message})`, -1, cause));
    // A descendant that outlives the leader would keep the pipes open, and with them this promise.
    child.on("exit", () => {
      setTimeout(() => {
        stopGroup("SIGKILL");
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1_000).unref();
    });
    child.on("close", (code, signal) => {
      if (timedOut) return settle(`was stopped after ${timeoutMs} ms`, -1);
      if (code === null) return settle(`was ended by ${signal}`, -1);
      settle(acceptedExitCodes.includes(code) ? undefined : `failed with exit code ${code}`, code);
    });
  });
}

/** Resolves with a TCP port of 127.0.0.1 that was free a moment ago; another process may still take it first. */
export function freePort(): Promise<number> {
  return new Promise((fulfil, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("The system named no free port."));
        else fulfil(address.port);
      });
    });
  });
}

type ToolCheck = {
  readonly need: string;
  readonly advice: string;
  readonly minimum: readonly [major: number, minor: number];
  readonly args: readonly string[];
};

const toolChecks = {
  python3: {
    need: "Python >= 3.10 with its venv module",
    advice: "Install it (on Debian and Ubuntu the packages python3 and python3-venv)",
    minimum: [3, 10],
    // The version is printed first, so that it is known even where a module is missing.
    args: ["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3], flush=True); import venv, ensurepip"],
  },
  terraform: {
    need: "Terraform >= 1.11",
    advice: "Install it from the HashiCorp releases page",
    minimum: [1, 11],
    args: ["version"],
  },
} satisfies Record<string, ToolCheck>;

/** A program that the end-to-end tests need and npm does not install. */
export type ToolName = keyof typeof toolChecks;

/** A found program: its absolute path and its version, such as "1.11.4". */
export type Tool = { readonly path: string; readonly version: string };

async function findOnPath(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter)) {
    if (folder === "") continue;
    const path = resolve(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/**
 * Resolves with the tool that `searchPath` (the process's PATH when absent) offers first.
 * Throws an Error of one line that says what is needed, what was found instead, and what to do.
 */
export async function requireTool(name: ToolName, searchPath: string = process.env.PATH ?? ""): Promise<Tool> {
  const check: ToolCheck = toolChecks[name];
  const refuse = (found: string, cause?: unknown) =>
    new Error(`${check.need} is needed to run the end-to-end tests; found ${found}. ${check.advice} and run again.`, {
      cause,
    });
  const path = await findOnPath(name, searchPath);
  if (path === undefined) throw refuse("none on PATH");

  // No CLI configuration and no call home: Terraform only has to say its version.
  const env = { ...process.env, PATH: searchPath, TF_CLI_CONFIG_FILE: undefined, CHECKPOINT_DISABLE: "1" };
  const { stdout, exitCode } = await run(path, check.args, {
    env,
    timeoutMs: 20_000,
    acceptedExitCodes: [0, 1],
  }).catch((cause: unknown) => {
    throw refuse(`${path}, which does not run`, cause);
  });
  const [version, major, minor] = /(\d+)\.(\d+)\.\d+/.exec(stdout) ?? [];
  if (version === undefined) throw refuse(`${path}, which does not tell its version`);
  const [neededMajor, neededMinor] = check.minimum;
  if (Number(major) < neededMajor || (Number(major) === neededMajor && Number(minor) < neededMinor)) {
    throw refuse(`${version} (${path})`);
  }
  if (exitCode !== 0) throw refuse(`${version} (${path}), which lacks it`);
  return { path, version };
}

type LockOwner = { readonly token: string; readonly ageMs: number; readonly gone: boolean };

async function lockOwner(lock: string): Promise<LockOwner | undefined> {
  const file = join(lock, "owner");
  try {
    const [token = "", pid, host] = (await readFile(file, "utf8")).split("\n");
    return {
      token,
      ageMs: Date.now() - (await stat(file)).mtimeMs,
      gone: host === hostname() && !isAlive(Number(pid)),
    };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * Runs `action` while this process holds the lock folder `lock`, and resolves with its result. Waits at most `waitMs` for
 * another holder (`onWait` is called once); takes the lock over when its holder is dead or older than `staleMs`.
 *
 * A rename onto a folder that is not empty fails, and that is the whole mechanism: a claim is complete, owner file
 * included, before it gets its name, and of several processes that depose one stale holder only the first succeeds.
 */
export async function withLock<T>(
  lock: string,
  action: () => Promise<T>,
  options: { readonly waitMs?: number; readonly staleMs?: number; readonly onWait?: () => void } = {},
): Promise<T> {
  const { waitMs = 600_000, staleMs = 900_000, onWait } = options;
  const deadlineMs = Date.now() + waitMs;
  const token = randomUUID();
  const moved = (from: string, to: string) =>
    rename(from, to).then(
      () => true,
      () => false,
    );
  await mkdir(dirname(lock), { recursive: true });
  const claim = await mkdtemp(`${lock}.`);
  const leftovers = [claim];
  try {
    await writeFile(join(claim, "owner"), `${token}\n${process.pid}\n${hostname()}`);
    for (let attempt = 0; !(await moved(claim, lock)); attempt += 1) {
      const owner = await lockOwner(lock);
      if (owner !== undefined && (owner.gone || owner.ageMs > staleMs)) {
        const deposed = `${lock}.${owner.token}`;
        if (await moved(lock, deposed)) leftovers.push(deposed);
        continue;
      }
      if (attempt === 0) onWait?.();
      if (Date.now() > deadlineMs) {
        throw new Error(`Another process has held ${lock} for too long. Delete that folder if none is running.`);
      }
      await delay(200);
    }
    try {
      return await action();
    } finally {
      const released = `${lock}.${token}`;
      if ((await lockOwner(lock))?.token === token && (await moved(lock, released))) leftovers.push(released);
    }
  } finally {
    await Promise.all(leftovers.map((path) => rm(path, { recursive: true, force: true })));
  }
}
