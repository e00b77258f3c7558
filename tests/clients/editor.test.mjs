// yaml-language-server, as editors run it, on the shipped integrations.yaml and the schema that it names.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { LanguageServer } from "./language_server.mjs";

const source = resolve(new URL(".", import.meta.url).pathname, "../..");
const build = process.env.PENSTOCK_BUILD_DIR ?? join(source, "build/release");
const shipped = readFileSync(join(source, "integrations.yaml"), "utf8").replace("build/release/plugins", join(build, "plugins"));

let folder, file, editor;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "penstock-editor-"));
  file = join(folder, "integrations.yaml");
  writeFileSync(file, shipped);
  mkdirSync(join(folder, "build"));
  const made = spawnSync(join(build, "bin/penstock"), ["schema", "-c", file], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  writeFileSync(join(folder, "build/integrations.schema.json"), made.stdout);
  editor = await LanguageServer.start();
});
after(async () => {
  await editor?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The file with one text of it replaced, and the line that this is in. */
function slip(from, to) {
  assert.ok(shipped.includes(from), from);
  return { text: shipped.replace(from, () => to), line: shipped.slice(0, shipped.indexOf(from)).split("\n").length };
}

test("the shipped file has nothing to be said against it", async () => {
  assert.deepEqual(await editor.diagnose(file, shipped), []);
});

const slips = [
  ["tool: hibob", "tool: hibbob", /Valid values: "hibob", "hroffice", "nmbrs", "taleo", "workday"/],
  ["connect_timeout_ms", "conect_timeout_ms", /conect_timeout_ms is not allowed/],
  ["service_user_id", "servce_user_id", /servce_user_id is not allowed/],
  ["tenant: acme", "tenant: a/b", /pattern/],
  ["username: ISU_Penstock", "grant: jwt", /Valid values: "refresh_token", "client_credentials", "jwt_bearer"/],
  ["timeout_ms: 60000", "timeout_ms: soon", /Expected "integer"/],
  ["token: \"${env:HIBOB_TOKEN:-hibob-sandbox-token}\"", "token: pa$word", /write \$\$ for a literal \$/],
  ["id: hibob:acme", "enabled: true", /Missing property "id"/],
];
for (const [from, to, message] of slips) {
  test(`the editor underlines a slip: ${to}`, async () => {
    const { text, line } = slip(from, to);
    const said = await editor.diagnose(file, text);
    const found = said.find((one) => message.test(one.message));
    assert.ok(found, JSON.stringify(said));
    assert.equal(found.line, line);
  });
}

const begun = `${shipped}
  - id: workday:new
    tool: workday
`;
const offers = [
  ["connection fields", `${begun}    connection:\n      |\n`, ["client_id", "client_secret", "domain", "grant", "tenant", "username", "workday/rest"]],
  ["the choices of a field", `${begun}    connection:\n      grant: |\n`, ["client_credentials", "jwt_bearer", "refresh_token"]],
  ["keys of an integration", `${begun}    |\n`, ["connection", "enabled", "max_in_flight", "upstream"]],
  ["tools", slip("tool: workday", "tool: |").text, ["hibob", "hroffice", "nmbrs", "taleo", "workday"]],
];
for (const [what, text, wanted] of offers) {
  test(`the editor offers ${what}`, async () => {
    const labels = await editor.complete(file, text);
    for (const label of wanted) assert.ok(labels.includes(label), `${label} is not among ${labels}`);
  });
}

test("no other tool's fields are offered", async () => {
  const labels = await editor.complete(file, `${begun}    connection:\n      |\n`);
  for (const other of ["service_user_id", "company_code", "subdomain", "auth_style"]) assert.ok(!labels.includes(other), `${labels}`);
});

test("the editor explains a field", async () => {
  assert.match(await editor.hover(file, slip("tenant: acme", "ten|ant: acme").text), /The tenant's name in Workday's URLs/);
  assert.match(await editor.hover(file, slip("connect_to:", "connect|_to:").text), /HOST:PORT to connect to/);
});
