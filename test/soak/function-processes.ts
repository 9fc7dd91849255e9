import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { run } from "#test/support/tools.ts";

/** The emulator takes the end of a process that is starting for an error of its own, and ends all others of the function. */
const STARTING_MS = 3_000;

/**
 * The processes in which the emulator of this process runs functions: `node` on a file below the folder that it unpacks a
 * function into. Nobody else's: the emulator is our child, and they are its children.
 */
async function functionProcesses(): Promise<readonly number[]> {
  const { stdout } = await run("ps", ["-axo", "pid=,ppid=,args="]);
  const processes = stdout.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^ *(\d+) +(\d+) +(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
  const ours = new Set(processes.flatMap(({ pid, parent }) => (parent === process.pid ? [pid] : [])));
  return processes.flatMap(({ pid, parent, command }) =>
    ours.has(parent) && command.includes("/ministack-lambda-") ? [pid] : [],
  );
}

/** Ends a process without a warning. @returns whether it was there */
export function killHard(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

/**
 * Which of these processes has a TCP connection of 127.0.0.1 from this port. Only Linux tells; elsewhere undefined.
 * https://man7.org/linux/man-pages/man5/proc_net_tcp.5.html
 */
export function processOfPort(port: number, pids: readonly number[]): number | undefined {
  try {
    const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
    const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
    const inode = lines.map((line) => line.trim().split(/\s+/)).find((columns) => columns[1] === local)?.[9];
    if (inode === undefined) return undefined;
    return pids.find((pid) => descriptorsOf(pid).includes(`socket:[${inode}]`));
  } catch {
    return undefined;
  }
}

function descriptorsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${name}`);
      } catch {
        return "";
      }
    });
  } catch {
    // It has ended.
    return [];
  }
}

/** The processes of the function: `all` that there are, and those that have been at work for a while. */
export interface WatchedProcesses {
  readonly all: () => readonly number[];
  readonly settled: () => readonly number[];
  readonly most: () => number;
  readonly stop: () => void;
}

/** Looks for processes of the function again and again, until it is stopped. */
export function watchProcesses(): WatchedProcesses {
  const since = new Map<number, number>();
  let most = 0;
  const look = async () => {
    const pids = new Set(await functionProcesses());
    for (const pid of since.keys()) if (!pids.has(pid)) since.delete(pid);
    for (const pid of pids) if (!since.has(pid)) since.set(pid, Date.now());
    most = Math.max(most, pids.size);
  };
  const timer = setInterval(() => void look().catch(() => undefined), 1_000);
  return {
    all: () => [...since.keys()],
    settled: () => [...since].flatMap(([pid, ms]) => (Date.now() - ms > STARTING_MS ? [pid] : [])),
    most: () => most,
    stop: () => clearInterval(timer),
  };
}
