// Several processes on one state folder, and processes that end while a session is renewed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { callWorkday, order, sandbox, tokenRequests } from "./control.mjs";
import { build, end, open, serve } from "./stage.mjs";

const slow = process.env.PENSTOCK_SANITIZED ? 4 : 1;
const strict = ["--rotate-refresh-tokens"];

/** `penstock call` as a person types it; resolves with its exit code and what it printed. */
function penstockCall(config, { id = "workday:acme", started = () => {} } = {}) {
  const child = spawn(join(build, "bin/penstock"), ["call", "-c", config, "-i", id, "workday/rest", "GET", "/workers",
    "-o", "service_name=staffing", "-o", "version=v6"], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  started(child);
  return new Promise((done) => child.once("close", (code, signal) => done({ code, signal, output })));
}

async function until(condition, what) {
  for (let i = 0; i < 1000 * slow; ++i) {
    if (await condition()) return;
    await pause(10);
  }
  assert.fail(`it did not come to that: ${what}`);
}

const refusals = async (stage) => (await sandbox(stage, "GET", "/ledger")).workday.token_refusals;
const works = (answer) => assert.equal(answer?.data?.status, 200, JSON.stringify(answer));

test("the command line works beside a running server, with the same session and the same rotated token", { timeout: 60_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: strict });
  try {
    works(await callWorkday(stage.base));
    const beside = await penstockCall(stage.config);
    assert.equal(beside.code, 0, beside.output);
    assert.equal(await tokenRequests(stage), 1, "the session of the server was not used");
    for (let round = 0; round < 3; ++round) {
      // Each renews what the other one has last replaced.
      await order(stage, { revoke_access_tokens: true });
      assert.equal((await penstockCall(stage.config)).code, 0);
      works(await callWorkday(stage.base));
      await order(stage, { revoke_access_tokens: true });
      works(await callWorkday(stage.base));
      assert.equal((await penstockCall(stage.config)).code, 0);
    }
    assert.equal(await refusals(stage), 0);
    assert.equal(await tokenRequests(stage), 7, "one for each time that the token was revoked");
  } finally {
    await stage.close();
  }
});

test("servers and commands that all want a session at once make one token request", { timeout: 60_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: strict });
  const other = await serve(stage.config);
  try {
    await order(stage, { token_delay_ms: 500 });
    const answers = await Promise.all([stage.base, other.base].flatMap((base) => Array.from({ length: 8 }, () => callWorkday(base)))
      .concat(Array.from({ length: 3 }, () => penstockCall(stage.config))));
    for (const answer of answers) "code" in answer ? assert.equal(answer.code, 0, answer.output) : works(answer);
    assert.equal(await tokenRequests(stage), 1);
  } finally {
    await end(other);
    await stage.close();
  }
});

test("a process that is killed while it renews neither hangs nor robs the other one", { timeout: 90_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: [...strict, "--refresh-grace"] });
  const other = await serve(stage.config);
  try {
    await order(stage, { token_delay_ms: 3_000 });
    const lost = callWorkday(other.base);
    await until(async () => await tokenRequests(stage) === 1, "a token request");
    await end(other, "SIGKILL");
    await lost;
    await order(stage, { token_delay_ms: 0 });
    const began = Date.now();
    works(await callWorkday(stage.base));
    assert.ok(Date.now() - began < 20_000 * slow, "the lease of the dead was waited for");
    assert.equal((await penstockCall(stage.config)).code, 0);
  } finally {
    await stage.close();
  }
});

for (const [signal, again] of [["SIGTERM"], ["SIGQUIT"], ["SIGINT", "SIGINT"], ["SIGTERM", "SIGTERM"]]) {
  test(`${[signal, again].filter(Boolean).join(" and ")} while a strict vendor answers: the server waits, and nothing is lost`, { timeout: 60_000 * slow }, async () => {
    const stage = await open({ sandboxArguments: strict });
    let engine = stage.engine;
    try {
      await order(stage, { token_delay_ms: 2_000 });
      const leave = new AbortController();
      const call = callWorkday(engine.base, { signal: leave.signal });
      await until(async () => await tokenRequests(stage) === 1, "a token request");
      leave.abort();  // nobody waits for the call any more: only the renewal is left
      await call;
      const gone = new Promise((done) => engine.child.once("exit", (...how) => done(how)));
      engine.child.kill(signal);
      if (again) {
        await until(() => engine.output().includes('"stopping"'), "the word that it stops");
        engine.child.kill(again);
      }
      assert.deepEqual(await gone, [0, null], engine.output());
      await order(stage, { token_delay_ms: 0 });
      engine = await serve(stage.config);
      works(await callWorkday(engine.base));
      assert.equal(await refusals(stage), 0);
    } finally {
      await end(engine);
      await stage.close();
    }
  });
}

test("SIGHUP ends nothing", { timeout: 60_000 * slow }, async () => {
  const stage = await open({});
  try {
    stage.engine.child.kill("SIGHUP");
    await until(() => stage.log().includes("SIGHUP"), "a word in the log");
    works(await callWorkday(stage.base));
  } finally {
    await stage.close();
  }
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
  test(`${signal} to penstock call while a strict vendor answers loses nothing`, { timeout: 60_000 * slow }, async () => {
    const stage = await open({ sandboxArguments: strict });
    try {
      await order(stage, { token_delay_ms: 1_500 });
      let child;
      const call = penstockCall(stage.config, { started: (one) => (child = one) });
      await until(async () => await tokenRequests(stage) === 1, "a token request");
      child.kill(signal);
      const { code, signal: killed } = await call;
      assert.equal(killed, null);
      assert.ok(code > 128, `ended with ${code}`);
      await order(stage, { token_delay_ms: 0 });
      works(await callWorkday(stage.base));
      assert.equal(await refusals(stage), 0);
      assert.equal(await tokenRequests(stage), 1, "its session was not kept");
    } finally {
      await stage.close();
    }
  });
}

test("an integration that is renamed keeps the rotated credential; two with one credential are refused with both lines", { timeout: 60_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: strict });
  let engine = stage.engine;
  try {
    works(await callWorkday(engine.base));
    await end(engine);
    const yaml = readFileSync(stage.config, "utf8");
    writeFileSync(stage.config, yaml.replace("id: workday:acme", "id: workday:acme-eu"));
    engine = await serve(stage.config);
    await order(stage, { revoke_access_tokens: true });
    works(await callWorkday(engine.base, { headers: { "X-Integration-Id": "workday:acme-eu" } }));
    assert.equal(await refusals(stage), 0);

    const line = (text, after = 0) => yaml.slice(0, yaml.indexOf(text, after)).split("\n").length;
    for (const [id, refused] of [["nmbrs:rest", true], ["workday:acme", false]]) {
      const copied = yaml.match(new RegExp(` {2}- id: ${id}\\n[^]*?\\n\\n`))[0].replace(id, "the:second");
      writeFileSync(stage.config, `${yaml}\n${copied}`);
      const { status, stdout, stderr } = spawnSync(join(build, "bin/penstock"), ["check", "-c", stage.config], { encoding: "utf8" });
      assert.equal(status !== 0, refused, stderr);
      const first = line("refresh_token:", yaml.indexOf(`id: ${id}`));
      const second = yaml.split("\n").length + copied.slice(0, copied.indexOf("refresh_token:")).split("\n").length;
      assert.match(stdout + stderr, new RegExp(`:${second}:\\d+: connection.refresh_token is also used by integration "${id}" \\(line ${first}\\)`));
    }
  } finally {
    await end(engine);
    await stage.close();
  }
});

test("a token that lives 15 s works, and while it lives a token endpoint that is down fails no call", { timeout: 90_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: ["--token-lifetime", "15"] });
  try {
    const before = Date.now();
    works(await callWorkday(stage.base));
    await order(stage, { token_fail_next: 1_000_000 });
    while (Date.now() - before < 11_000) {
      works(await callWorkday(stage.base));
      await pause(50);  // the vendor limits the rate of calls
    }
    await order(stage, { token_fail_next: 0 });
    await until(async () => (await callWorkday(stage.base)).data?.status === 200 && Date.now() - before > 16_000,
      "a call after the first token's end");
  } finally {
    await stage.close();
  }
});
