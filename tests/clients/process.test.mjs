// The engine as a process among others: what its surroundings can make it do, and what it leaves behind.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { order, sandbox } from "./control.mjs";
import { build, open } from "./stage.mjs";

const people = { method: "GET", path: "/people" };

async function call(stage) {
  const answer = await fetch(`${stage.base}/passthrough/hibob/v1`, { method: "POST", body: JSON.stringify(people), headers: {
    Authorization: "Bearer dev-key", "X-Integration-Id": "hibob:acme", "Content-Type": "application/json" } });
  return { status: answer.status, body: await answer.json() };
}

test("its memory goes into no core file and to no debugger of its user", async () => {
  const stage = await open({ under: ["prlimit", "--core=1048576:1048576"] });
  try {
    assert.match(readFileSync(`/proc/${stage.pid}/limits`, "utf8"), /^Max core file size +0 +0 /m);
    // What is not dumpable belongs to root, whoever runs it: of no use where that is root.
    assert.equal(statSync(`/proc/${stage.pid}/mem`).uid, 0);
    assert.doesNotMatch(readFileSync(`/proc/${stage.pid}/cmdline`, "latin1"), /sandbox-(token|password|secret)/);
  } finally {
    await stage.close();
  }
});

test("no proxy, .netrc or .curlrc of its environment gets a call or a credential", async () => {
  let visitors = 0;
  const trap = createServer((socket) => { ++visitors; socket.destroy(); });
  await new Promise((done) => trap.listen(0, "127.0.0.1", done));
  const home = mkdtempSync(join(tmpdir(), "penstock-home-"));
  const proxy = `http://127.0.0.1:${trap.address().port}`;
  writeFileSync(join(home, ".netrc"), "machine api.hibob.com login evil password evil\n", { mode: 0o600 });
  writeFileSync(join(home, ".curlrc"), `proxy = "${proxy}"\n`);
  const env = { HOME: home, CURL_HOME: home };
  for (const name of ["http_proxy", "https_proxy", "all_proxy"]) env[name] = env[name.toUpperCase()] = proxy;
  const stage = await open({ env });
  try {
    const { status, body } = await call(stage);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.data.status, 200);
    assert.equal(visitors, 0);
  } finally {
    await stage.close();
    trap.close();
    rmSync(home, { recursive: true, force: true });
  }
});

test("a caller who goes gives the place of a call that only reads back, that of a POST is kept", async () => {
  const stage = await open({ edit: (yaml) => yaml.replace("    tool: hibob\n", "    tool: hibob\n    max_in_flight: 1\n") });
  const headers = { Authorization: "Bearer dev-key", "X-Integration-Id": "hibob:acme", "Content-Type": "application/json" };
  const passthrough = (method, path, signal) => fetch(`${stage.base}/passthrough/hibob/v1`,
    { method: "POST", body: JSON.stringify({ method, path }), headers, signal });
  const calls = async () => (await sandbox(stage, "GET", "/ledger")).hibob.calls;
  const proxy = (method, path, signal) => fetch(`${stage.base}/proxy/hibob/v1${path}`, { method, headers, signal });
  try {
    for (const [how, method, freed] of [[passthrough, "GET", true], [proxy, "GET", true], [passthrough, "POST", false]]) {
      await order(stage, { vendor: "hibob", delay_ms: 5000 });
      const before = await calls();
      const leave = new AbortController();
      const left = how(method, "/people/search", leave.signal).then(() => "answered", () => "left");
      while (await calls() === before);
      await order(stage, { vendor: "hibob", delay_ms: 0 });
      leave.abort();
      assert.equal(await left, "left");
      const until = Date.now() + 1000;
      let status = 429;
      while (status === 429 && Date.now() < until) ({ status } = await proxy("GET", "/people"));
      assert.equal(status, freed ? 200 : 429, `${how.name} ${method}`);
    }
    const gone = stage.log().split("\n").filter((line) => line.includes('"origin":"caller","phase":"send"'));
    assert.ok(gone.length >= 2, stage.log());
    assert.ok(gone.every((line) => line.includes('"method":"GET"')), gone.join("\n"));
  } finally {
    await stage.close();
  }
});

test("more callers than descriptors are let in one after another, and a call works afterwards", async () => {
  const stage = await open({ under: ["prlimit", "--nofile=64:64"] });
  const port = Number(new URL(stage.base).port);
  try {
    const callers = Array.from({ length: 150 }, () => connect(port, "127.0.0.1").on("error", () => {}));
    await Promise.all(callers.map((one) => new Promise((done) => one.once("connect", done).once("close", done))));
    callers.forEach((one) => one.destroy());
    const { status, body } = await call(stage);
    assert.equal(status, 200, JSON.stringify(body));
  } finally {
    await stage.close();
  }
});

/** A configuration without integrations, which needs no vendor. */
function bareConfiguration() {
  const folder = mkdtempSync(join(tmpdir(), "penstock-bare-"));
  const config = join(folder, "integrations.yaml");
  writeFileSync(config, `server: { listen: "127.0.0.1:0", api_keys: [{ name: a, key: k }] }
plugins: { directory: ${join(build, "plugins")} }
state: ${join(folder, "state")}
`);
  return { folder, config };
}

const exit = (child) => new Promise((done) => child.once("exit", (code, signal) => done([code, signal])));

test("a log that nobody reads delays neither calls nor the end", async () => {
  const { folder, config } = bareConfiguration();
  const child = spawn(join(build, "bin/penstock"), ["serve", "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const ended = exit(child);
    const base = await new Promise((done) => {
      let text = "";
      child.stderr.on("data", function read(chunk) {
        text += chunk;
        const match = text.match(/"message":"(http:[^"]+)"/);
        if (!match) return;
        child.stderr.off("data", read);
        child.stderr.pause();
        done(match[1]);
      });
    });
    // Far beyond what the pipe and Node hold.
    const path = "x".repeat(400);
    for (let round = 0; round < 100; ++round)
      await Promise.all(Array.from({ length: 20 }, () => fetch(`${base}/v1/${path}`).then((answer) => answer.text())));
    child.kill("SIGTERM");
    const patience = setTimeout(() => child.kill("SIGKILL"), 30_000);
    assert.deepEqual(await ended, [0, null]);
    clearTimeout(patience);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

test("without its standard streams it opens none of its own in their place", async () => {
  const { folder, config } = bareConfiguration();
  const child = spawn("sh", ["-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", join(build, "bin/penstock"), "serve", "-c", config], { stdio: "ignore" });
  const stream = (number) => {
    try {
      return readlinkSync(`/proc/${child.pid}/fd/${number}`);
    } catch {
      return "none";
    }
  };
  try {
    const ended = exit(child);
    const isPenstock = () => readFileSync(`/proc/${child.pid}/cmdline`, "latin1").startsWith(build);
    const isUnderWay = () => isPenstock() && existsSync(join(folder, "state"));  // it has made a file of its own
    while (!isUnderWay()) await new Promise((done) => setImmediate(done));
    assert.deepEqual([0, 1, 2].map(stream), ["/dev/null", "/dev/null", "/dev/null"]);
    child.kill("SIGTERM");
    await ended;
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

test("SIGTERM ends a start that a plugin's constructor holds up", async () => {
  const { folder, config } = bareConfiguration();
  const plugins = join(folder, "plugins");
  mkdirSync(plugins);
  copyFileSync(join(build, "tests/abi/plugins/hangs_at_load.so"), join(plugins, "hangs_at_load.so"));
  writeFileSync(config, readFileSync(config, "utf8").replace(join(build, "plugins"), plugins));
  for (const command of ["serve", "check"]) {
    const child = spawn(join(build, "bin/penstock"), [command, "-c", config], { stdio: "ignore" });
    try {
      const ended = exit(child);
      const isInConstructor = () => readFileSync(`/proc/${child.pid}/maps`, "latin1").includes("penstock:hangs");
      while (!isInConstructor()) await new Promise((done) => setTimeout(done, 10));
      child.kill("SIGTERM");
      const patience = setTimeout(() => child.kill("SIGKILL"), 10_000);
      assert.notEqual((await ended)[1], "SIGKILL", command);
      clearTimeout(patience);
    } finally {
      child.kill("SIGKILL");
    }
  }
  rmSync(folder, { recursive: true, force: true });
});
