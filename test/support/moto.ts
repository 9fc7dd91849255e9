import { delimiter, join } from "node:path";
import { environmentFolder, type RunningServer, type ServerOptions, startPythonServer } from "./python-server.ts";

/**
 * For each call moto would list its own folders and methods again, which takes longer than most calls, and for each element
 * of an answer look whether its name can stand in XML: once is enough. And a line about each call, which nobody reads, takes
 * a tenth of its time.
 */
const lookOnce = `
import functools
import xmltodict
from moto import backends
from moto.core import responses
from werkzeug.serving import WSGIRequestHandler

modules = list(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: modules
responses.method_names_from_class = functools.cache(responses.method_names_from_class)
xmltodict._validate_name = functools.cache(xmltodict._validate_name)
WSGIRequestHandler.log_request = lambda *_: None
`;

/** Starts moto with empty state: the emulator for what ministack does not have; see {@link startPythonServer}. */
export function startMoto(options: ServerOptions = {}): Promise<RunningServer> {
  return startPythonServer(
    {
      name: "moto",
      main: (port) => `from moto.server import main\n${lookOnce}\nmain(["-H", "127.0.0.1", "-p", "${port}"])`,
      env: (_port, folder) => ({
        PATH: [join(environmentFolder, "bin"), process.env.PATH ?? ""].join(delimiter),
        HOME: folder,
        TMPDIR: folder,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_DEFAULT_REGION: "us-east-1",
        PYTHONUNBUFFERED: "1",
        // A thousand images with a snapshot each, among which every search for ours would look.
        MOTO_EC2_LOAD_DEFAULT_AMIS: "false",
        // Headers for browsers.
        MOTO_DISABLE_GLOBAL_CORS: "true",
      }),
      healthPath: "/moto-api/",
    },
    options,
  );
}
