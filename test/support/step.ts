import { styleText } from "node:util";
import ora from "ora";

/** Shows what is waited for, and for how long it took. */
export async function step<T>(what: string, work: (say: (text: string) => void) => Promise<T>): Promise<T> {
  const started = Date.now();
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  let text = what;
  const spinner = ora({ text: what, discardStdin: false }).start();
  const clock = setInterval(() => (spinner.text = `${text} (${seconds()})`), 1_000);
  try {
    const result = await work((now) => (text = `${what}: ${now}`));
    spinner.succeed(`${what} ${styleText("dim", seconds())}`);
    return result;
  } catch (error) {
    spinner.fail(what);
    throw error;
  } finally {
    clearInterval(clock);
  }
}
