// The message that a real SOAP toolkit makes from a real Workday WSDL, as `data`; and its reading of the answer.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { Kombo } from "@kombo-api/sdk";

import { open } from "./stage.mjs";

const here = resolve(new URL(".", import.meta.url).pathname);
const wsdl = resolve(here, "../../../shared/vendor-specs/workday/wsdl/Human_Resources-v31.2.wsdl");
const skip = existsSync(wsdl) ? false : "the Workday WSDLs are not here";

function zeep(mode, input = "") {
  const ran = spawnSync("/usr/bin/python3", [join(here, "zeep_workday.py"), mode, wsdl], { input, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout;
}

let stage;
before(async () => {
  if (!skip) stage = await open();
});
after(() => stage?.close());

test("zeep's Get_Workers goes through and zeep reads the answer", { skip }, async () => {
  const data = zeep("make");
  assert.match(data, /Get_Workers_Request/);
  const kombo = new Kombo({ api_key: "dev-key", integration_id: "workday:acme", server_url: stage.base });
  const answer = await kombo.general.sendPassthroughRequest({ tool: "workday", api: "soap",
    body: { method: "POST", path: "/", api_options: { service_name: "Human_Resources", service_version: "31.2" }, data } });
  assert.equal(answer.data.status, 200, JSON.stringify(answer.data));
  assert.match(answer.data.url, /\/Human_Resources\/v31\.2$/);
  const [results, worker] = zeep("read", answer.data.data).trim().split(" ");
  assert.equal(results, "2");
  assert.equal(worker, "21001");
});
