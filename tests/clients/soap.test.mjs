// npm's soap client, with a real Nmbrs WSDL, through the transparent proxy.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import soap from "soap";

import { open } from "./stage.mjs";

const specs = resolve(new URL(".", import.meta.url).pathname, "../../../shared/vendor-specs/nmbrs/wsdl");
const wsdls = ["CompanyService", "EmployeeService"].map((name) => join(specs, `${name}-v2.1.wsdl`));
const skip = wsdls.every(existsSync) ? false : "the Nmbrs WSDLs are not here";

let stage, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "penstock-soap-"));
  if (!skip) stage = await open();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await stage?.close();
});

/** A client as its user has it, but for its address and two headers. */
async function client(service) {
  // The public WSDLs are of v2.1; those of v3, which Nmbrs serves today, have their own namespaces.
  const wsdl = join(folder, `${service}.wsdl`);
  writeFileSync(wsdl, readFileSync(join(specs, `${service}-v2.1.wsdl`), "utf8").replaceAll("/soap/v2.1/", "/soap/v3/"));
  const made = await soap.createClientAsync(wsdl, {}, `${stage.base}/proxy/nmbrs/soap;service_name=${service}/`);
  made.addHttpHeader("Authorization", "Bearer dev-key");
  made.addHttpHeader("X-Integration-Id", "nmbrs:acme");
  return made;
}

test("lists companies", { skip }, async () => {
  const [reply] = await (await client("CompanyService")).List_GetAllAsync({});
  assert.match(reply.List_GetAllResult.Company[0].Name, /Acme/);
});

test("passes arguments and reads employees", { skip }, async () => {
  const [companies] = await (await client("CompanyService")).List_GetAllAsync({});
  const CompanyId = companies.List_GetAllResult.Company[0].ID;
  const [reply] = await (await client("EmployeeService")).List_GetByCompanyAsync({ CompanyId, active: "active" });
  assert.ok(reply.List_GetByCompanyResult.Employee.length > 0);
});
