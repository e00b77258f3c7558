// kill -9 at any moment of a rotating refresh.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { callWorkday, order, sandbox, tokenRequests } from "./control.mjs";
import { end, open, serve } from "./stage.mjs";

const slow = process.env.PENSTOCK_SANITIZED ? 4 : 1;  // a process under a sanitizer is that much slower, to start above all
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** A generator of its own: a failure can be had again. */
function random(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32;
}

async function killedWhileRenewing(stage, engine, delay) {
  await order(stage, { revoke_access_tokens: true });
  const call = callWorkday(engine.base);
  await pause(delay);
  await end(engine, "SIGKILL");
  await call;
  return serve(stage.config);
}

test("a vendor with grace: no kill loses anything", { timeout: 170_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: ["--rotate-refresh-tokens", "--refresh-grace"] });
  let engine = stage.engine;
  try {
    assert.equal((await callWorkday(engine.base)).data.status, 200);
    const next = random(20261123);
    const rounds = 200 / slow;
    for (let round = 0; round < rounds; ++round) {
      engine = await killedWhileRenewing(stage, engine, next() * 14 * slow);
      const answer = await callWorkday(engine.base);
      assert.equal(answer?.data?.status, 200, `round ${round}: ${JSON.stringify(answer)}`);
    }
    const { workday } = await sandbox(stage, "GET", "/ledger");
    assert.equal(workday.token_refusals, 0);
    assert.ok(workday.token_requests >= rounds * 3 / 4, `renewals were hardly under way: ${workday.token_requests}`);
  } finally {
    await end(engine);
    await stage.close();
  }
});

test("a strict vendor: what is lost is told at once, remembered, and not asked for again", { timeout: 240_000 * slow }, async () => {
  const stage = await open({ sandboxArguments: ["--rotate-refresh-tokens"] });
  let engine = stage.engine;
  let lost = 0;
  try {
    // The vendor commits, then takes its time to answer: the kill falls in between. Then anywhere.
    const next = random(20261125);
    const anywhere = Array.from({ length: 40 / slow }, () => [next() * 14 * slow, 0]);
    for (const [round, [wait, delay]] of [[5, 600], [300, 600], [300, 600], ...anywhere].entries()) {
      assert.equal((await callWorkday(engine.base)).data.status, 200, `round ${round}`);
      await order(stage, { token_delay_ms: delay });
      engine = await killedWhileRenewing(stage, engine, wait);
      await order(stage, { token_delay_ms: 0 });
      const answer = await callWorkday(engine.base);
      if (answer.data?.status === 200) continue;
      ++lost;
      assert.equal(answer.http, 502, JSON.stringify(answer));
      assert.match(answer.error.message, /reconnect it/);
      assert.match(answer.error.message, /was interrupted/);
      const asked = await tokenRequests(stage);
      await end(engine, "SIGKILL");
      engine = await serve(stage.config);
      for (let i = 0; i < 5; ++i) assert.equal((await callWorkday(engine.base)).http, 502);
      assert.equal(await tokenRequests(stage), asked, "the vendor was asked again");
      await end(engine);
      rmSync(join(stage.folder, "state"), { recursive: true });
      await sandbox(stage, "POST", "/reset");
      engine = await serve(stage.config);
    }
    assert.ok(lost >= 1, "no kill fell between the vendor's commit and ours");
  } finally {
    await end(engine);
    await stage.close();
  }
});
