import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** A command that says when it began and when it was asked to stop, and then takes its time. */
function slowCommand(msAfterStop: number) {
  const terminal = fileURLToPath(new URL("../../cli/shared/terminal.ts", import.meta.url));
  const program = `
    import { processTerminal } from ${JSON.stringify(terminal)};
    const terminal = processTerminal();
    const alive = setInterval(() => {}, 1_000);
    await terminal.interruptible((stop) => new Promise((resolve) => {
      stop.addEventListener("abort", () => { terminal.out("asked"); setTimeout(resolve, ${msAfterStop}); });
      terminal.out("begun");
    }));
    clearInterval(alive);
    terminal.out("finished");
    process.exitCode = 7;`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const says = async (word: string) => {
    while (!said.includes(word)) await once(child.stdout, "data");
  };
  return { child, says, ended: once(child, "close").then(([code]) => ({ code, said })) };
}

test.each(["SIGINT", "SIGTERM"] as const)("the first %s lets the command finish what is under way", async (signal) => {
  const { child, says, ended } = slowCommand(50);
  await says("begun");
  child.kill(signal);
  expect(await ended).toEqual({ code: 7, said: "begun\nasked\nfinished\n" });
});

test("the second Ctrl-C ends it at once", async () => {
  const { child, says, ended } = slowCommand(60_000);
  await says("begun");
  child.kill("SIGINT");
  await says("asked");
  child.kill("SIGINT");
  expect(await ended).toEqual({ code: 130, said: "begun\nasked\n" });
});
