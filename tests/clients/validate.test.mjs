// What validation shows is what the vendor gets: for every API's every example, by HTTP and by `penstock call --dry-run`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { sandbox, tokenRequests } from "./control.mjs";
import { build, open } from "./stage.mjs";

const secrets = /sandbox-(token|password|secret|refresh|subscription)/;
const framing = new Set(["host", "content-length", "accept-encoding"]);
const integrations = { "nmbrs/rest": "nmbrs:rest", "taleo/business": "taleo:business" };
const through = (api) => integrations[api] ?? `${api.split("/")[0]}:acme`;

let stage, apis;
before(async () => {
  stage = await open();
  apis = (await ask("/apis")).data;
});
after(() => stage?.close());

async function ask(path, { integration, body, prefer } = {}) {
  const headers = { Authorization: "Bearer dev-key", "Content-Type": "application/json" };
  if (integration) headers["X-Integration-Id"] = integration;
  if (prefer) headers.Prefer = prefer;
  const answer = await fetch(stage.base + path, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  return { http: answer.status, headers: answer.headers, ...await answer.json() };
}

/** `shown` has *** where the secrets are; what changes with each request is left open. */
function assertShows(shown, sent, what) {
  const literal = shown.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*\\*\\*", "[\\s\\S]+?");
  const pattern = literal
    .replace(/(<wsu:Created>)[^<]*|(<wsu:Expires>)[^<]*|(<wsse:Nonce[^>]*>)[^<]*/g, "$1$2$3[^<]+")
    .replace(/(UsernameToken|Timestamp|TS|UT)-[0-9A-Za-z-]+/g, "$1-[0-9A-Za-z-]+");
  assert.match(sent, new RegExp(`^${pattern}$`), what);
}

test("every example is shown as the vendor then receives it", async () => {
  let compared = 0;
  for (const api of apis) {
    const name = `${api.tool}/${api.api}`;
    for (const { title, request } of api.examples) {
      const what = `${name}: ${title}`;
      const options = { integration: through(name), body: request };
      const validated = await ask(`/validate/${name}`, { ...options, prefer: "session" });
      assert.equal(validated.http, 200, `${what}: ${JSON.stringify(validated.error)}`);
      assert.equal(validated.headers.get("preference-applied"), "session");
      const shown = validated.data.request;
      assert.doesNotMatch(JSON.stringify(shown), secrets, what);

      const called = await ask(`/passthrough/${name}`, options);
      assert.equal(called.http, 200, `${what}: ${JSON.stringify(called.error)}`);
      const vendors = Object.entries(await sandbox(stage, "GET", "/ledger")).filter(([, one]) => one.last);
      const url = new URL(shown.url);
      const [, { last }] = vendors.find(([, one]) => one.last.host === url.host && one.last.target === url.pathname + url.search)
        ?? assert.fail(`${what}: no vendor got ${shown.url}`);
      assert.equal(last.method, shown.method, what);
      const sent = last.headers.filter(([header]) => !framing.has(header.toLowerCase()));
      assert.deepEqual(sent.map(([header]) => header.toLowerCase()).sort(),
        Object.keys(shown.headers).map((header) => header.toLowerCase()).sort(), what);
      for (const [header, value] of sent)
        assertShows(Object.entries(shown.headers).find(([one]) => one.toLowerCase() === header.toLowerCase())[1], value, `${what}: ${header}`);
      assertShows(shown.body, Buffer.from(last.body_base64, "base64").toString("utf8"), `${what}: body`);
      ++compared;
    }
  }
  assert.ok(compared >= apis.length, `${compared} examples of ${apis.length} APIs`);
});

test("without the preference nothing is asked of the vendor, and it says what is missing", async () => {
  const other = await open();
  const [first, now] = [stage, other];
  stage = now;
  try {
    const call = { integration: "workday:acme",
      body: { method: "GET", path: "/workers", api_options: { service_name: "staffing" } } };
    const plain = await ask("/validate/workday/rest", call);
    assert.equal(plain.data.session, undefined);
    assert.match(plain.warnings[0].message, /the call would create a session first/);
    assert.equal(await tokenRequests(other), 0);

    const full = await ask("/validate/workday/rest", { ...call, prefer: "respect-rate-limit, session" });
    assert.equal(full.data.session.had, true);
    assert.ok(Date.parse(full.data.session.expires) > Date.now());
    assert.deepEqual(full.warnings, []);
    assert.equal(await tokenRequests(other), 1);

    await sandbox(other, "POST", "/control", { vendor: "workday", revoke_access_tokens: true });
    assert.equal((await ask("/validate/hibob/v1", { integration: "hibob:acme", prefer: "session",
      body: { method: "GET", path: "/people" } })).data.session.needed, false);
  } finally {
    stage = first;
    await other.close();
  }
});

test("all slips come in one answer: those of the envelope and those of the options", async () => {
  const { http, error } = await ask("/passthrough/workday/rest", { integration: "workday:acme",
    body: { method: "get", path: "/a b", params: { limit: 1 }, api_options: { servce_name: "staffing" } } });
  assert.equal(http, 400);
  assert.deepEqual(error.details.map(({ pointer, rule, given, suggestion }) => [pointer, rule, given, suggestion]), [
    ["/method", "enum", "string", "GET"],
    ["/params/limit", "type", "number", undefined],
    ["/path", undefined, undefined, undefined],
    ["/api_options/service_name", "required", undefined, undefined],
    ["/api_options/servce_name", "additionalProperties", "string", "service_name"],
  ]);
});

function penstock(...args) {
  return new Promise((done) => execFile(join(build, "bin/penstock"), args, (error, stdout, stderr) =>
    done({ code: error?.code ?? 0, stdout, stderr })));
}

test("the command line shows the same, and --session needs --dry-run", async () => {
  const other = await open();
  await other.stop();
  try {
    const call = ["call", "workday/rest", "GET", "/workers", "-c", other.config, "-i", "workday:acme", "-o", "service_name=staffing"];
    const dry = await penstock(...call, "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal(JSON.parse(dry.stdout).data.request.url,
      "https://wd5-impl-services1.workday.com/ccx/api/staffing/v1/acme/workers");
    assert.equal(await tokenRequests(other), 0);

    const full = await penstock(...call, "--dry-run", "--session");
    assert.equal(full.code, 0, full.stderr);
    assert.equal(JSON.parse(full.stdout).data.session.had, true);
    assert.doesNotMatch(full.stdout, secrets);
    assert.equal(await tokenRequests(other), 1);

    const slip = await penstock(...call, "-o", "versio=v6", "--dry-run");
    assert.equal(slip.code, 1);
    assert.match(JSON.parse(slip.stdout).error.message, /did you mean "version"\?/);
    const alone = await penstock(...call, "--session");
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /--session needs --dry-run/);
  } finally {
    await other.close();
  }
});
