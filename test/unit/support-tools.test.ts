import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort, repoRoot, requireTool, run, withLock } from "#test/support/tools.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "support-tools-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Resolves with the message of the Error that a promise rejects with. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (value) => `resolved with ${JSON.stringify(value)}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe("run", () => {
  const node = (script: string, options?: Parameters<typeof run>[2]) => run(process.execPath, ["-e", script], options);

  it("resolves with both streams and the exit code", async () => {
    expect(await node("console.log('out'); console.error('err')")).toEqual({
      stdout: "out\n",
      stderr: "err\n",
      exitCode: 0,
    });
  });

  it("passes the given environment and nothing else", async () => {
    const { stdout } = await node("console.log(process.env.GIVEN, process.env.HOME)", { env: { GIVEN: "yes" } });
    expect(stdout).toBe("yes undefined\n");
  });

  it("hands over lines as they come", async () => {
    const lines: string[] = [];
    await node("process.stdout.write('a\\nb'); console.error('c')", {
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(lines.toSorted()).toEqual(["stderr c", "stdout a", "stdout b"]);
  });

  it("keeps only the end of an output without end", async () => {
    const { stdout } = await node("process.stdout.write('x'.repeat(3_000_000) + 'end')", { maxBytes: 1_000 });
    expect([stdout.length, stdout.endsWith("xend")]).toEqual([1_000, true]);
  });

  it("names the command, the exit code and the end of standard error", async () => {
    expect(await failureOf(run("/bin/sh", ["-c", "echo broken >&2; exit 3"]))).toBe(
      "`/bin/sh -c echo broken >&2; exit 3` failed with exit code 3:\nbroken",
    );
  });

  it("resolves with an exit code that the caller accepts", async () => {
    expect((await run("/bin/sh", ["-c", "exit 2"], { acceptedExitCodes: [0, 2] })).exitCode).toBe(2);
  });

  it("says that a command is missing", async () => {
    expect(await failureOf(run("no-such-command", []))).toBe(
      "`no-such-command` could not be started (spawn no-such-command ENOENT).",
    );
  });

  it("stops the whole process group at the timeout", async () => {
    // The grandchild would write for a minute. (Its process id proves nothing: nobody may have reaped it yet.)
    const file = join(folder, "heartbeat");
    const script = `(for i in $(seq 3000); do echo alive >> ${file}; sleep 0.02; done) & wait`;
    expect(await failureOf(run("/bin/sh", ["-c", script], { timeoutMs: 300 }))).toBe(
      `\`/bin/sh -c ${script}\` was stopped after 300 ms.`,
    );
    const beats = await readFile(file, "utf8");
    await delay(200);
    expect([beats.startsWith("alive"), await readFile(file, "utf8")]).toEqual([true, beats]);
  });

  it("stops a command that ignores the polite signal", async () => {
    const message = await failureOf(run("/bin/sh", ["-c", "trap '' TERM; sleep 60"], { timeoutMs: 100, graceMs: 100 }));
    expect(message).toBe("`/bin/sh -c trap '' TERM; sleep 60` was stopped after 100 ms.");
  });
});

describe("freePort", () => {
  it("names a port that can be listened on", async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((fulfil, reject) => {
      server.on("error", reject);
      server.listen(port, "127.0.0.1", fulfil);
    });
    server.close();
    expect(port).toBeGreaterThan(1023);
  });
});

describe("requireTool", () => {
  /** Makes a folder with one program of the given shell script, and resolves with its path. */
  async function folderWith(name: string, script: string): Promise<string> {
    const path = await mkdtemp(join(folder, "path-"));
    await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(path, name), 0o755);
    return path;
  }

  const terraform = (found: string) =>
    `Terraform >= 1.11 is needed to run the end-to-end tests; found ${found}. ` +
    "Install it from the HashiCorp releases page and run again.";
  const python = (found: string) =>
    `Python >= 3.10 with its venv module is needed to run the end-to-end tests; found ${found}. ` +
    "Install it (on Debian and Ubuntu the packages python3 and python3-venv) and run again.";

  it("says that a tool is missing", async () => {
    expect(await failureOf(requireTool("terraform", ""))).toBe(terraform("none on PATH"));
    expect(await failureOf(requireTool("python3", folder))).toBe(python("none on PATH"));
  });

  it.each([
    ["terraform", "echo Terraform v1.5.7", (path: string) => terraform(`1.5.7 (${path})`)],
    ["python3", "echo 3.9.18", (path: string) => python(`3.9.18 (${path})`)],
    ["python3", "echo 3.12.1; exit 1", (path: string) => python(`3.12.1 (${path}), which lacks it`)],
    ["terraform", "echo hello", (path: string) => terraform(`${path}, which does not tell its version`)],
    ["python3", "exit 127", (path: string) => python(`${path}, which does not run`)],
  ] as const)("refuses %s that does `%s`", async (name, script, sentence) => {
    const path = await folderWith(name, script);
    expect(await failureOf(requireTool(name, path))).toBe(sentence(join(path, name)));
  });

  it.each([
    ["terraform", "echo Terraform v1.11.0", "1.11.0"],
    ["terraform", "echo Terraform v2.0.1", "2.0.1"],
    ["python3", "echo 3.10.0", "3.10.0"],
  ] as const)("accepts %s that does `%s`", async (name, script, version) => {
    const path = await folderWith(name, script);
    expect(await requireTool(name, path)).toEqual({ path: join(path, name), version });
  });
});

describe("withLock", () => {
  it("lets one action run at a time and leaves nothing behind", async () => {
    const parent = await mkdtemp(join(folder, "lock-"));
    let inside = 0;
    let most = 0;
    const action = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await delay(5);
      inside -= 1;
    };
    await Promise.all([1, 2, 3].map(() => withLock(join(parent, "lock"), action)));
    expect([most, await readdir(parent)]).toEqual([1, []]);
  });

  it("releases the lock when the action fails", async () => {
    const lock = join(folder, "failing.lock");
    const failing = withLock(lock, () => Promise.reject(new Error("action failed")));
    expect(await failureOf(failing)).toBe("action failed");
    expect(await withLock(lock, () => Promise.resolve("free"))).toBe("free");
  });

  it("takes over a lock that is too old, and waits for a younger one", async () => {
    const lock = join(folder, "old.lock");
    await mkdir(lock);
    await writeFile(join(lock, "owner"), "token\n1\nanother-host");
    const waited = withLock(lock, () => Promise.resolve("taken"), { waitMs: 1 });
    expect(await failureOf(waited)).toContain(`Another process has held ${lock} for too long.`);
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(lock, "owner"), longAgo, longAgo);
    expect(await withLock(lock, () => Promise.resolve("taken"), { waitMs: 1 })).toBe("taken");
  });
});

describe("repoRoot", () => {
  it("is the folder of package.json", async () => {
    expect(await readdir(repoRoot)).toContain("package.json");
  });
});
