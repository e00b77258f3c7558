// A sandbox and an engine of this test's own, on free ports, with a configuration that leads every vendor to the sandbox.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const source = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
export const build = process.env.PENSTOCK_BUILD_DIR ?? join(source, "build/release");

/** Starts a program and resolves with the first match of `ready` in what it prints. */
function start(program, args, ready, env = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], cwd: source, env: { ...process.env, ...env } });
  let output = "";
  const started = new Promise((done, fail) => {
    const read = (chunk) => {
      output += chunk;
      const match = output.match(ready);
      if (match) done(match);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    setTimeout(() => fail(new Error(`${program} is not ready:\n${output}`)), 20_000).unref();
    child.on("error", fail);
    child.on("exit", (code) => fail(new Error(`${program} ended with ${code}:\n${output}`)));
  });
  return { child, started, output: () => output };
}

/** Integrations that go wrong, each in its own way. */
export const troubled = `  - id: hibob:busy
    tool: hibob
    max_in_flight: 1
    connection: { service_user_id: SERVICE-0001, token: hibob-sandbox-token }
  - id: hibob:slow
    tool: hibob
    upstream: { timeout_ms: 300 }
    connection: { service_user_id: SERVICE-0001, token: hibob-sandbox-token }
  - id: hibob:unreachable
    tool: hibob
    upstream: { connect_to: "127.0.0.1:1" }
    connection: { service_user_id: SERVICE-0001, token: hibob-sandbox-token }
  - id: workday:wrong
    tool: workday
    connection:
      domain: wd5-impl-services1.workday.com
      tenant: acme
      client_id: penstock-client
      client_secret: wrong
      refresh_token: wrong
`;

/** One engine for a configuration. `under`: a command that runs it, such as prlimit with its arguments. */
export async function serve(config, { env = {}, under = [] } = {}) {
  const [program, ...args] = [...under, join(build, "bin/penstock"), "serve", "-c", config, "--listen", "127.0.0.1:0"];
  const engine = start(program, args, /"listening","message":"http:\/\/(127\.0\.0\.1:\d+)"/, env);
  const [, address] = await engine.started;
  return { ...engine, base: `http://${address}/v1` };
}

/** Ends a program that may have been stopped or killed before. One that ends with an error, a sanitizer's too, is told. */
export async function end({ child, output }, signal = "SIGTERM") {
  if (child.signalCode !== null) return;
  if (child.exitCode !== null) return assert.equal(child.exitCode, 0, output());
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGCONT");
  child.kill(signal);
  await gone;
  if (signal === "SIGTERM") assert.deepEqual([child.exitCode, child.signalCode], [0, null], output());
}

export async function open({ edit = (yaml) => yaml, env = {}, under = [], sandboxArguments = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "penstock-clients-"));
  const ca = join(folder, "ca.pem");
  const sandbox = start(join(build, "bin/penstock-sandbox"), ["--listen", "127.0.0.1:0", "--ca-file", ca, ...sandboxArguments],
    /listening on (127\.0\.0\.1:\d+)/);
  const [, vendors] = await sandbox.started;

  const config = join(folder, "integrations.yaml");
  writeFileSync(config, edit(readFileSync(join(source, "integrations.yaml"), "utf8")
    .replace("build/release/plugins", join(build, "plugins"))
    .replace("127.0.0.1:9443", vendors)
    .replace("build/sandbox/ca.pem", ca)
    .replace("build/state", join(folder, "state"))));
  const engine = await serve(config, { env, under });

  return {
    base: engine.base,
    vendors,
    ca,
    config,
    folder,
    engine,
    pid: engine.child.pid,
    log: () => engine.output(),
    /** Ends the engine alone: the vendors stay. */
    stop: () => end(engine),
    async close() {
      await end(engine);
      await end(sandbox);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
