import { delimiter, join } from "node:path";
import { environmentFolder, type RunningServer, type ServerOptions, startPythonServer } from "./python-server.ts";

/** Starts moto with empty state: the emulator for what ministack does not have; see {@link startPythonServer}. */
export function startMoto(options: ServerOptions = {}): Promise<RunningServer> {
  return startPythonServer(
    {
      name: "moto",
      main: (port) => `from moto.server import main\n\nmain(["-H", "127.0.0.1", "-p", "${port}"])`,
      env: (_port, folder) => ({
        PATH: [join(environmentFolder, "bin"), process.env.PATH ?? ""].join(delimiter),
        HOME: folder,
        TMPDIR: folder,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_DEFAULT_REGION: "us-east-1",
        PYTHONUNBUFFERED: "1",
      }),
      healthPath: "/moto-api/",
    },
    options,
  );
}
