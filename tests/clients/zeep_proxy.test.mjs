// zeep, with real WSDLs, through the transparent proxy: only its address and two headers are Penstock's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { open } from "./stage.mjs";

const here = resolve(new URL(".", import.meta.url).pathname);
const specs = resolve(here, "../../../shared/vendor-specs");
const workday = join(specs, "workday/wsdl/Human_Resources-v31.2.wsdl");
const companies = join(specs, "nmbrs/wsdl/CompanyService-v2.1.wsdl");
const skip = existsSync(workday) && existsSync(companies) ? false : "the vendors' WSDLs are not here";

let stage, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "penstock-zeep-"));
  if (!skip) stage = await open();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stage?.close();
});

async function zeep(wsdl, path, integration, operation, args = {}) {
  const child = spawn("/usr/bin/python3", [join(here, "zeep_proxy.py"), wsdl, `${stage.base}/proxy/${path}`,
    integration, operation, JSON.stringify(args)]);
  let out = "", err = "";
  child.stdout.on("data", (bytes) => (out += bytes));
  child.stderr.on("data", (bytes) => (err += bytes));
  const code = await new Promise((done) => child.on("exit", done));
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

test("a Workday client reads its workers", { skip }, async () => {
  const { reply } = await zeep(workday, "workday/soap;service_name=Human_Resources;service_version=31.2/", "workday:acme",
    "Get_Workers", { Response_Filter: { Page: 1, Count: 2 } });
  assert.equal(reply.Response_Results.Page_Results, "2");
  assert.equal(reply.Response_Data.Worker[0].Worker_Data.Worker_ID, "21001");
});

test("a vendor's fault is the toolkit's own exception", { skip }, async () => {
  const { fault } = await zeep(workday, "workday/soap;service_name=Human_Resources;service_version=31.2/", "workday:acme",
    "Get_Workers", { Response_Filter: { Page: 1, Count: 10_000 } });
  assert.match(fault, /Count|Validation/);
});

test("an Nmbrs client lists its companies", { skip }, async () => {
  // The public WSDL is of v2.1; that of v3, which Nmbrs serves today, has its own namespace.
  const wsdl = join(folder, "CompanyService-v3.wsdl");
  writeFileSync(wsdl, readFileSync(companies, "utf8").replaceAll("/soap/v2.1/", "/soap/v3/"));
  const { reply } = await zeep(wsdl, "nmbrs/soap;service_name=CompanyService/", "nmbrs:acme", "List_GetAll");
  assert.ok(reply.length > 0);
  assert.match(reply[0].Name, /Acme/);
});

test("a wrong option is a sentence, not a vendor's answer", { skip }, async () => {
  const child = await fetch(`${stage.base}/proxy/workday/soap/`, { method: "POST", body: "<a/>", headers: {
    Authorization: "Bearer dev-key", "X-Integration-Id": "workday:acme", "X-Api-Options": "service_nam=Human_Resources" } });
  assert.equal(child.status, 400);
  assert.equal(child.headers.get("penstock-answer"), "engine");
  assert.match(await child.text(), /service_name/);
});
