// The OpenAPI document: a public linter passes it, a client that is made from it compiles and calls, and what the
// engine really answers is what it says.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import Ajv2020 from "ajv/dist/2020.js";

import { order } from "./control.mjs";
import { end, open, serve, troubled } from "./stage.mjs";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const modules = join(here, "node_modules");
const key = { authorization: "Bearer dev-key" };

let stage;
let root;
let document;
let file;
const ajv = new Ajv2020({ strict: false, validateFormats: false });
before(async () => {
  stage = await open({
    edit: (yaml) => yaml.replace("server:\n", "server:\n  max_request_bytes: 4096\n").replace("  api_keys:\n", `  api_keys:
    - { name: hasty, key: hasty-key, calls_per_second: 1 }
`).replace("integrations:\n", `integrations:
${troubled}`),
  });
  root = stage.base.replace("/v1", "");
  document = await (await fetch(`${root}/openapi.json`, { headers: key })).json();
  file = join(stage.folder, "openapi.json");
  writeFileSync(file, JSON.stringify(document));
  ajv.addSchema({ ...document, $id: "penstock:openapi" }, undefined, undefined, false);
});
after(() => stage?.close());

/** Runs a script of a package with nothing that could make it look for the network. */
function run(script, args, options = {}) {
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", NO_COLOR: "1" };
  return new Promise((done) => {
    execFile(process.execPath, [join(modules, script), ...args], { env, ...options }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : error.code, output: stdout + stderr }));
  });
}

function lint(path) {
  return run("@redocly/cli/bin/cli.js", ["lint", "--config", join(here, "redocly.yaml"), path]);
}

test("a public linter finds nothing wrong", async () => {
  const { code, output } = await lint(file);
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /warning|error/i);
});

test("the linter would find an example that does not fit its schema", async () => {
  const spoilt = structuredClone(document);
  delete spoilt.components.requestBodies.workday_rest.content["application/json"].examples.example_1.value.api_options.service_name;
  const path = join(stage.folder, "spoilt.json");
  writeFileSync(path, JSON.stringify(spoilt));
  const { code, output } = await lint(path);
  assert.equal(code, 1, output);
  assert.match(output, /service_name/);
});

test("the command line prints the same document", async () => {
  const { stdout } = await new Promise((done, fail) => {
    execFile(stage.engine.child.spawnfile, ["openapi", "-c", stage.config], { maxBuffer: 1 << 24 },
      (error, stdout, stderr) => (error ? fail(new Error(stderr)) : done({ stdout })));
  });
  const printed = JSON.parse(stdout);
  assert.deepEqual(printed.servers, [{ url: "http://127.0.0.1:8080", description: "server.listen" }]);
  assert.deepEqual({ ...printed, servers: document.servers }, document);
  assert.match(stdout, /^\{\n {2}"openapi": "3\.1\.0",\n/);
});

test("a client generated from it compiles, slips do not, and it calls", async () => {
  const folder = join(stage.folder, "client");
  mkdirSync(folder);
  cpSync(join(here, "openapi"), folder, { recursive: true });
  symlinkSync(modules, join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  // Without the option, what has a default in a request would have to be sent. Not a .d.ts, so that the compiler checks it.
  const generated = await run("openapi-typescript/bin/cli.js", [file, "--default-non-nullable", "false", "-o", join(folder, "penstock.ts")]);
  assert.equal(generated.code, 0, generated.output);
  const compiled = await run("typescript/bin/tsc", ["-p", folder]);
  assert.equal(compiled.code, 0, compiled.output);

  const { connect, health, preview, soapWorkers, whyNot, workers } = await import(pathToFileURL(join(folder, "client.js")));
  const client = connect(root, "dev-key");
  const rest = await workers(client, "workday:acme", 2);
  assert.equal(rest.data.data.status, 200);
  assert.equal(rest.data.data.data.data.length, 2);
  const soap = await soapWorkers(client, "workday:acme");
  assert.match(soap.data.data.data, /Get_Workers_Response/);
  assert.equal(await preview(client, "workday:acme"), "https://wd5-impl-services1.workday.com/ccx/api/staffing/v6/acme/workers");
  assert.equal(await health(client, "hibob:acme"), "ok");
  assert.equal(await whyNot(client, "hibob:acme"), undefined);
  const error = await whyNot(client, "hibob:nobody");
  assert.equal(error.code, "PLATFORM.INTEGRATION_NOT_FOUND");
  assert.equal(error.phase, "route");
});

function resolve(node) {
  return node.$ref === undefined ? node : node.$ref.slice(2).split("/").reduce((at, name) => at[name], document);
}

/** What the document says of one answer: its headers, its schema, and an example of each error. */
async function fits(method, path, response) {
  const described = document.paths[path][method].responses;
  const answer = resolve(described[response.status] ?? described.default);
  const text = await response.text();
  const body = JSON.parse(text);
  const valid = ajv.compile(JSON.parse(JSON.stringify(answer.content["application/json"].schema).replaceAll('"#/', '"penstock:openapi#/')));
  assert.ok(valid(body), `${text}\n${JSON.stringify(valid.errors)}`);
  for (const name of ["x-request-id", "retry-after", "www-authenticate", "allow", "concurrency-limit", "concurrency-remaining"]) {
    const known = Object.keys(answer.headers).some((one) => one.toLowerCase() === name);
    assert.ok(known || !response.headers.has(name), `${name} is not described for ${response.status}`);
  }
  if (response.status !== 200) {
    const alike = Object.values(answer.content["application/json"].examples).map(({ value }) => value.error)
      .filter(({ code, title, origin }) => code === body.error.code && title === body.error.title && origin === body.error.origin);
    assert.ok(alike.length > 0, `no example of ${response.status} is like ${text}`);
  }
  return body;
}

const get = { method: "GET", path: "/people" };
const passthrough = (api) => `/v1/passthrough/${api}`;

function post(path, body, { headers = {}, integration = "hibob:acme" } = {}) {
  return fetch(root + path, { method: "POST", headers: { ...key, "x-integration-id": integration, ...headers }, body: JSON.stringify(body) });
}

const answers = [
  { name: "a call", status: 200, make: () => post(passthrough("hibob/v1"), get) },
  { name: "a vendor's refusal", status: 200, make: () => post(passthrough("hibob/v1"), { method: "GET", path: "/people/nobody" }) },
  { name: "a check", path: "/v1/validate/hibob/v1", status: 200, make: () => post("/v1/validate/hibob/v1", get) },
  { name: "a check that fails", path: "/v1/validate/workday/rest", status: 400,
    make: () => post("/v1/validate/workday/rest", { method: "GET", path: "/workers" }, { integration: "workday:acme" }) },
  { name: "an unknown API", status: 400, make: () => post(passthrough("hibob/v2"), get) },
  { name: "no JSON", status: 400, make: () => fetch(root + passthrough("hibob/v1"), { method: "POST", headers: key, body: "{" }) },
  { name: "no integration", status: 400, make: () => post(passthrough("hibob/v1"), get, { integration: "" }) },
  { name: "no key", status: 401, make: () => fetch(root + passthrough("hibob/v1"), { method: "POST" }) },
  { name: "a wrong key", status: 401, make: () => post(passthrough("hibob/v1"), get, { headers: { authorization: "Bearer no" } }) },
  { name: "an unknown integration", status: 404, make: () => post(passthrough("hibob/v1"), get, { integration: "hibob:nobody" }) },
  { name: "an unknown path", status: 404, make: () => post("/v1/pass", get) },
  { name: "another method", status: 405, make: () => fetch(root + passthrough("hibob/v1"), { headers: key }) },
  { name: "a large body", status: 413, make: () => post(passthrough("hibob/v1"), { ...get, data: "x".repeat(5000) }) },
  { name: "a compressed body", status: 415, make: () => post(passthrough("hibob/v1"), get, { headers: { "content-encoding": "gzip" } }) },
  { name: "a long target", status: 414, make: () => post(passthrough("hibob/v1") + "?" + "x".repeat(9000), get) },
  { name: "an unreachable vendor", status: 502, make: () => post(passthrough("hibob/v1"), get, { integration: "hibob:unreachable" }) },
  { name: "refused credentials", path: passthrough("workday/rest"), status: 502,
    make: () => post(passthrough("workday/rest"), { method: "GET", path: "/workers", api_options: { service_name: "staffing" } }, { integration: "workday:wrong" }) },
  { name: "the catalogue", method: "get", path: "/v1/apis", status: 200, make: () => fetch(root + "/v1/apis", { headers: key }) },
  { name: "one API", method: "get", path: "/v1/apis/{tool}/{api}", status: 200, make: () => fetch(root + "/v1/apis/taleo/soap", { headers: key }) },
  { name: "no such API", method: "get", path: "/v1/apis/{tool}/{api}", status: 404, make: () => fetch(root + "/v1/apis/taleo/soup", { headers: key }) },
  { name: "the integrations", method: "get", path: "/v1/integrations", status: 200, make: () => fetch(root + "/v1/integrations", { headers: key }) },
  { name: "one integration", method: "get", path: "/v1/integrations/{id}", status: 200, make: () => fetch(root + "/v1/integrations/workday:wrong", { headers: key }) },
  { name: "a verification", path: "/v1/integrations/{id}/verify", status: 200, make: () => post("/v1/integrations/hibob:acme/verify", {}) },
  { name: "the key's check", method: "get", path: "/v1/check-api-key", status: 200, make: () => fetch(root + "/v1/check-api-key", { headers: key }) },
  { name: "the document", method: "get", path: "/openapi.json", status: 200, make: () => fetch(root + "/openapi.json", { headers: key }) },
  { name: "the document without a key", method: "get", path: "/openapi.json", status: 401, make: () => fetch(root + "/openapi.json") },
  { name: "health", method: "get", path: "/healthz", status: 200, make: () => fetch(root + "/healthz") },
  { name: "readiness", method: "get", path: "/readyz", status: 200, make: () => fetch(root + "/readyz") },
];

for (const { name, method = "post", path = passthrough("hibob/v1"), status, make } of answers) {
  test(`what the engine answers is what the document says: ${name}, ${status}`, async () => {
    const response = await make();
    assert.equal(response.status, status);
    await fits(method, path, response);
  });
}

test("what the engine answers is what the document says: too many calls for a key, 429", async () => {
  const hasty = { headers: { authorization: "Bearer hasty-key" } };
  const all = await Promise.all(Array.from({ length: 20 }, () => post(passthrough("hibob/v1"), get, hasty)));
  const refused = all.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0);
  for (const response of refused) await fits("post", passthrough("hibob/v1"), response);
});

test("what the engine answers is what the document says: vendor too slow, 504; too many in flight, 429", async () => {
  await order(stage, { vendor: "hibob", delay_ms: 1000 });
  try {
    const slow = post(passthrough("hibob/v1"), get, { integration: "hibob:slow" });
    const busy = await Promise.all([1, 2].map(() => post(passthrough("hibob/v1"), get, { integration: "hibob:busy" })));
    const refused = busy.filter(({ status }) => status === 429);
    assert.equal(refused.length, 1);
    const { error } = await fits("post", passthrough("hibob/v1"), refused[0]);
    assert.equal(error.code, "PLATFORM.CONCURRENCY_LIMIT_EXCEEDED");
    assert.equal((await slow).status, 504);
    await fits("post", passthrough("hibob/v1"), await slow);
  } finally {
    await order(stage, { vendor: "hibob", delay_ms: 0 });
  }
});

test("what the engine answers is what the document says: an address that is not allowed, 403", async () => {
  const config = join(stage.folder, "closed.yaml");
  writeFileSync(config, readFileSync(stage.config, "utf8").replace("server:\n", "server:\n  allowed_networks: [192.0.2.0/24]\n")
    .replace(/^state: .*$/m, `state: ${join(stage.folder, "closed")}`));
  const closed = await serve(config);
  try {
    const response = await fetch(closed.base.replace("/v1", "") + passthrough("hibob/v1"), { method: "POST", headers: key });
    assert.equal(response.status, 403);
    await fits("post", passthrough("hibob/v1"), response);
  } finally {
    await end(closed);
  }
});
