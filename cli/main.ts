import { runProgram } from "./program.ts";
import { processTerminal } from "./shared/terminal.ts";

// On Node 20 the SDK warns that its later versions need another one. The bundle brings its own version.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";

process.exitCode = await runProgram(process.argv.slice(2), processTerminal());
