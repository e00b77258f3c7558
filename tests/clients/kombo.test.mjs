// Kombo's own SDK, as published on npm, against Penstock: every {tool}/{api}, and a typed error for each error row.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Kombo } from "@kombo-api/sdk";
import { KomboGeneralError } from "@kombo-api/sdk/models/errors";

import { open, troubled } from "./stage.mjs";

let stage;
before(async () => {
  stage = await open({
    edit: (yaml) => yaml.replace("integrations:\n", `integrations:
  - id: hibob:off
    tool: hibob
    enabled: false
    connection: { service_user_id: SERVICE-0001, token: hibob-sandbox-token }
${troubled}`).replace("  api_keys:\n", `  api_keys:
    - { name: hasty, key: hasty-key, calls_per_second: 1 }
`),
  });
});
after(() => stage?.close());

function client(integration_id, api_key = "dev-key") {
  return new Kombo({ api_key, integration_id, server_url: stage.base });
}

function call(tool, api, integration, body, key) {
  return client(integration, key).general.sendPassthroughRequest({ tool, api, body });
}

const calls = [
  { name: "hibob/v1", tool: "hibob", api: "v1", through: "hibob:acme",
    body: { method: "POST", path: "/people/search", data: { fields: ["root.id"] } },
    check: (data) => assert.ok(data.employees.length > 0) },
  { name: "hibob/hire", tool: "hibob", api: "hire", through: "hibob:acme",
    body: { method: "GET", path: "/jobs" }, check: (data) => assert.equal(typeof data, "object") },
  { name: "hibob/docs", tool: "hibob", api: "docs", through: "hibob:acme",
    body: { method: "GET", path: "/1" }, check: () => {}, anyStatus: true },
  { name: "workday/rest", tool: "workday", api: "rest", through: "workday:acme",
    body: { method: "GET", path: "/workers", params: { limit: "2" }, api_options: { service_name: "staffing", version: "v6" } },
    check: (data) => assert.equal(data.data.length, 2) },
  { name: "workday/custom-report", tool: "workday", api: "custom-report", through: "workday:acme",
    body: { method: "GET", path: "/ISU_Penstock/Headcount", params: { format: "json" } },
    check: (data) => assert.ok(Array.isArray(data.Report_Entry)) },
  { name: "workday/soap", tool: "workday", api: "soap", through: "workday:acme",
    body: { method: "POST", path: "/", api_options: { service_name: "Human_Resources" }, data: "<wd:Get_Workers_Request/>" },
    check: (data) => assert.match(data, /Get_Workers_Response/) },
  { name: "nmbrs/soap", tool: "nmbrs", api: "soap", through: "nmbrs:acme",
    body: { method: "POST", path: "/", api_options: { service_name: "CompanyService" },
      data: '<List_GetAll xmlns="https://api.nmbrs.nl/soap/v3/CompanyService"/>' },
    check: (data) => assert.match(data, /List_GetAllResult/) },
  { name: "taleo/soap", tool: "taleo", api: "soap", through: "taleo:acme",
    body: { method: "POST", path: "/", api_options: { service_name: "FindService" },
      data: '<ns1:findPartialEntities xmlns:ns1="http://www.taleo.com/ws/tee800/2009/01/find" xmlns:q="http://itk.taleo.com/ws/query"><ns1:mappingVersion>http://www.taleo.com/ws/tee800/2009/01</ns1:mappingVersion><ns1:query><q:query projectedClass="Candidate"><q:projections><q:projection><q:field path="Number"/></q:projection></q:projections></q:query></ns1:query><ns1:attributes/></ns1:findPartialEntities>' },
    check: (data) => assert.match(data, /Entities/) },
  { name: "hroffice/soap", tool: "hroffice", api: "soap", through: "hroffice:acme",
    body: { method: "POST", path: "/", api_options: { operation_name: "GetAllJobByLanguage" }, data: "<languageId>1</languageId>" },
    check: (data) => assert.match(data, /GetAllJobByLanguageResponse/) },
];

for (const { name, tool, api, through, body, check, anyStatus } of calls) {
  test(`the SDK gets the vendor's answer of ${name}`, async () => {
    const answer = await call(tool, api, through, body);
    if (!anyStatus) assert.equal(answer.data.status, 200, JSON.stringify(answer.data));
    assert.match(answer.data.url, /^https:\/\//);
    assert.equal(typeof answer.data.headers["content-type"], "string");
    check(answer.data.data);
  });
}

test("a vendor's own refusal is an answer, not an error", async () => {
  const answer = await call("hibob", "v1", "hibob:acme", { method: "GET", path: "/people/nobody" });
  assert.equal(answer.data.status, 404);
});

test("a SOAP fault is an answer with status 500", async () => {
  const answer = await call("workday", "soap", "workday:acme",
    { method: "POST", path: "/", api_options: { service_name: "Human_Resources", service_version: "99.9" }, data: "<wd:Get_Workers_Request/>" });
  assert.equal(answer.data.status, 500);
  assert.match(answer.data.data, /Invalid request service version/);
});

test("the check of an API key answers", async () => {
  const { data } = await client("hibob:acme").general.checkApiKey();
  assert.equal(typeof data.environment_id, "string");
});

const get = { method: "GET", path: "/people" };
const errors = [
  { name: "wrong API key", status: 401, code: "PLATFORM.AUTHENTICATION_INVALID", make: () => call("hibob", "v1", "hibob:acme", get, "wrong") },
  { name: "unknown API", status: 400, code: "PLATFORM.INPUT_INVALID", make: () => call("hibob", "v2", "hibob:acme", get) },
  { name: "path out of the base", status: 400, code: "PLATFORM.INPUT_INVALID",
    make: () => call("hibob", "v1", "hibob:acme", { method: "GET", path: "/../admin" }) },
  { name: "forbidden header", status: 400, code: "PLATFORM.INPUT_INVALID",
    make: () => call("hibob", "v1", "hibob:acme", { ...get, headers: { Authorization: "Basic x" } }) },
  { name: "missing option", status: 400, code: "PLATFORM.INPUT_INVALID", message: /service_name/,
    make: () => call("workday", "rest", "workday:acme", { method: "GET", path: "/workers" }) },
  { name: "unknown integration", status: 404, code: "PLATFORM.INTEGRATION_NOT_FOUND", make: () => call("hibob", "v1", "hibob:nobody", get) },
  { name: "integration of another tool", status: 404, code: "PLATFORM.INTEGRATION_NOT_FOUND", make: () => call("hibob", "v1", "workday:acme", get) },
  { name: "disabled integration", status: 404, code: "PLATFORM.INTEGRATION_NOT_FOUND", make: () => call("hibob", "v1", "hibob:off", get) },
  { name: "vendor unreachable", status: 502, code: null, make: () => call("hibob", "v1", "hibob:unreachable", get) },
  { name: "credentials refused at login", status: 502, code: null,
    make: () => call("workday", "rest", "workday:wrong", { method: "GET", path: "/workers", api_options: { service_name: "staffing" } }) },
];

function assertTyped(error, status, code) {
  assert.ok(error instanceof KomboGeneralError, `${error?.name}: ${error?.message}`);
  assert.equal(error.statusCode, status);
  assert.equal(error.error.code, code);
  assert.ok(error.error.message.length > 0);
}

for (const { name, status, code, message, make } of errors) {
  test(`the SDK throws its typed error: ${name}`, async () => {
    const error = await make().then(() => assert.fail("no error"), (thrown) => thrown);
    assertTyped(error, status, code);
    if (message) assert.match(error.error.message, message);
  });
}

test("the SDK throws its typed error: too many calls for a key", async () => {
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => call("hibob", "v1", "hibob:acme", get, "hasty-key")));
  const refused = results.filter((one) => one.status === "rejected");
  assert.ok(refused.length > 0);
  for (const { reason } of refused) assertTyped(reason, 429, "PLATFORM.RATE_LIMIT_EXCEEDED");
});

async function control(settings) {
  const { request } = await import("node:https");
  const { readFileSync } = await import("node:fs");
  const [host, port] = stage.vendors.split(":");
  await new Promise((done, fail) => {
    const sent = request({ host, port, path: "/control", method: "POST", ca: readFileSync(stage.ca), servername: "sandbox.penstock.test",
      headers: { host: "sandbox.penstock.test", "content-type": "application/json" } }, (reply) => {
      reply.resume();
      reply.on("end", () => (reply.statusCode === 200 ? done() : fail(new Error(`control: ${reply.statusCode}`))));
    });
    sent.on("error", fail);
    sent.end(JSON.stringify(settings));
  });
}

test("the SDK throws its typed errors: vendor too slow, and too many calls in flight", async () => {
  await control({ vendor: "hibob", delay_ms: 1500 });
  try {
    const slow = await call("hibob", "v1", "hibob:slow", get).then(() => assert.fail("no error"), (thrown) => thrown);
    assertTyped(slow, 504, "PLATFORM.TASK_TIMED_OUT");
    const two = await Promise.allSettled([1, 2, 3].map(() => call("hibob", "v1", "hibob:busy", get)));
    const refused = two.filter((one) => one.status === "rejected");
    assert.equal(refused.length, 2);
    for (const { reason } of refused) assertTyped(reason, 429, "PLATFORM.CONCURRENCY_LIMIT_EXCEEDED");
  } finally {
    await control({ vendor: "hibob", delay_ms: 0 });
  }
});

test("the log has a line for each call and no secret", () => {
  const log = stage.log();
  assert.match(log, /"integration":"hibob:acme"/);
  for (const secret of ["hibob-sandbox-token", "workday-sandbox", "nmbrs-sandbox-token", "taleo-sandbox", "hroffice-sandbox", "dev-key", "hasty-key",
    Buffer.from("SERVICE-0001:hibob-sandbox-token").toString("base64")]) {
    assert.ok(!log.includes(secret), `the log holds ${secret}`);
  }
});
