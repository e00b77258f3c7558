// Three replicas, one PostgreSQL, one rotating credential.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { callWorkday, order, tokenRequests } from "./control.mjs";
import { end, open, serve } from "./stage.mjs";

const server = resolve(new URL(".", import.meta.url).pathname, "../postgresql/server.sh");
const postgres = (what) => execFileSync(server, [what, folder], { encoding: "utf8" }).trim();
const env = { PENSTOCK_STATE_KEY: randomBytes(32).toString("base64") };
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

let folder, stage, engines;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "penstock-replicas-"));
  const url = postgres("start");
  stage = await open({ env, sandboxArguments: ["--rotate-refresh-tokens"],
    edit: (yaml) => yaml.replace(/^state: .*$/m, `state: "${url}"`)
      .replace("connect_timeout_ms: 5000", "connect_timeout_ms: 60000")  // a thousand handshakes at once, sanitizers and all
      .replace(/^( *)- id: workday:acme$/m, "$&\n$1  max_in_flight: 400") });
  engines = [stage.engine, await serve(stage.config, { env }), await serve(stage.config, { env })];
});
after(async () => {
  for (const engine of engines ?? []) await end(engine);
  await stage?.close();
  postgres("stop");
  rmSync(folder, { recursive: true, force: true });
});

async function all(calls) {
  for (const answer of await Promise.all(calls)) assert.equal(answer?.data?.status, 200, JSON.stringify(answer));
}

async function until(condition) {
  for (let i = 0; i < 500; ++i) {
    if (await condition()) return;
    await pause(10);
  }
  assert.fail("it did not come to that");
}

test("a thousand calls at once make one token request", async () => {
  for (let round = 1; round <= 3; ++round) {
    await all(engines.flatMap((engine) => Array.from({ length: 334 }, () => callWorkday(engine.base))));
    assert.equal(await tokenRequests(stage), round);
    await order(stage, { revoke_access_tokens: true });
  }
});

test("a slow vendor and a stopped holder: still one", { timeout: 60_000 }, async () => {
  const before = await tokenRequests(stage);
  await order(stage, { revoke_access_tokens: true, token_delay_ms: 2_000 });
  const first = callWorkday(engines[0].base);
  await until(async () => await tokenRequests(stage) === before + 1);
  engines[0].child.kill("SIGSTOP");
  const others = [1, 2].map((i) => callWorkday(engines[i].base));
  await pause(4_000);  // long after the vendor has answered
  assert.equal(await tokenRequests(stage), before + 1, "another replica used the credential as well");
  engines[0].child.kill("SIGCONT");
  await all([first, ...others]);
  assert.equal(await tokenRequests(stage), before + 1);
  await order(stage, { token_delay_ms: 0 });
});

test("a database that is down stops no call that has its token", { timeout: 60_000 }, async () => {
  const before = await tokenRequests(stage);
  await all(engines.map((engine) => callWorkday(engine.base)));
  postgres("stop");
  await all(engines.flatMap((engine) => Array.from({ length: 10 }, () => callWorkday(engine.base))));
  await order(stage, { revoke_access_tokens: true });
  const refused = await callWorkday(engines[0].base);
  assert.equal(refused.http, 500, JSON.stringify(refused));
  assert.match(refused.error.message, /PostgreSQL/);
  postgres("resume");
  await pause(1_100);
  await all(engines.map((engine) => callWorkday(engine.base)));
  assert.equal(await tokenRequests(stage), before + 1);
});

test("a killed holder's work is taken over", { timeout: 60_000 }, async () => {
  await order(stage, { revoke_access_tokens: true, token_fail_next: 1, token_delay_ms: 1_000 });
  const before = await tokenRequests(stage);
  const first = callWorkday(engines[0].base);
  await until(async () => await tokenRequests(stage) === before + 1);
  await end(engines[0], "SIGKILL");
  await first;
  await order(stage, { token_delay_ms: 0 });
  await all([1, 2].map((i) => callWorkday(engines[i].base)));
  assert.equal(await tokenRequests(stage), before + 2);
});
