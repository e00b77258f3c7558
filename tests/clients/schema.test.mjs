// The JSON Schema of integrations.yaml: python3-jsonschema, by the schema, and `penstock check` say the same of each file.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { parse } from "yaml";

const here = new URL(".", import.meta.url).pathname;
const source = resolve(here, "../..");
const build = process.env.PENSTOCK_BUILD_DIR ?? join(source, "build/release");
const penstock = join(build, "bin/penstock");
const shipped = readFileSync(join(source, "integrations.yaml"), "utf8").replace("build/release/plugins", join(build, "plugins"));

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "penstock-schema-"));
  mkdirSync(join(folder, "build/sandbox"), { recursive: true });
  writeFileSync(join(folder, "build/sandbox/ca.pem"), "");  // the sandbox's, once that has run
  writeFileSync(join(folder, "integrations.yaml"), shipped);
  writeFileSync(join(folder, "schema.json"), schemaOf("integrations.yaml").stdout);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function schemaOf(file, env = {}) {
  return spawnSync(penstock, ["schema", "-c", file], { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } });
}

/** By the schema: "" or what is wrong, of each text. */
function judge(texts) {
  const ran = spawnSync("/usr/bin/python3", [join(here, "json_schema.py"), join(folder, "schema.json")],
    { input: texts.map((text) => JSON.stringify(parse(text)) + "\n").join(""), encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout.trim().split("\n").map((line) => JSON.parse(line));
}

/** By the engine: the same. */
function check(text) {
  const file = join(folder, "checked.yaml");
  writeFileSync(file, text);
  const ran = spawnSync(penstock, ["check", "-c", file], { encoding: "utf8" });
  assert.ok(ran.status === 0 || ran.stderr !== "", "a refusal has its reason");
  return ran.status === 0 ? "" : ran.stderr;
}

const head = `server: { api_keys: [{ name: a, key: k }] }\nplugins: { directory: "${join(build, "plugins")}" }\n`;
const one = (text) => `${head}integrations:\n  - ${text}\n`;
const nmbrs = (connection) => one(`{ id: n, tool: nmbrs, connection: ${connection} }`);
const workday = (more) => one(`{ id: w, tool: workday, connection: { domain: wd5.workday.com, tenant: acme, client_id: c, ${more} } }`);
const server = (more) => `server: { api_keys: [{ name: a, key: k }], ${more} }\nplugins: { directory: "${join(build, "plugins")}" }\n`;

const fine = {
  "the shipped file": shipped,
  "no integrations": head,
  "all of the server's keys": server("listen: '[::1]:0', environment_id: 7, allowed_networks: [10.0.0.0/8, '::1', 192.0.2.1], max_request_bytes: 1, threads: 256"),
  "a key's digest": `server: { api_keys: [{ name: a, key_sha256: ${"0a".repeat(32)}, calls_per_second: 5 }] }\nplugins: { directory: "${join(build, "plugins")}" }\n`,
  "numbers and booleans as texts": `${head}upstream: { timeout_ms: "30", allow_private_addresses: "true", connect_timeout_ms: 1 }\n`,
  "placeholders for a number, a boolean, a choice and a pattern": `${head}upstream: { timeout_ms: "\${env:NO:-30}", allow_private_addresses: "\${env:NO:-false}" }\n`
    + "integrations:\n  - { id: \"n:${env:NO:-1}\", tool: nmbrs, connection: { username: u, token: t, domain: \"${env:NO:-acme}\", environment: \"${env:NO:-api}\" } }\n",
  "a placeholder for the tool": one("{ id: n, tool: \"${env:NO:-nmbrs}\", connection: { username: u, token: t, domain: acme } }"),
  "a number where a text is wanted": nmbrs("{ username: 12345, token: 67, domain: 5 }"),
  "a $ written twice": nmbrs('{ username: u, token: "a$$b", domain: acme }'),
  "an id that is a number": one("{ id: 5, tool: nmbrs, connection: { username: u, token: t, domain: acme } }"),
  "the other API's fields": nmbrs("{ client_id: c, client_secret: s, refresh_token: r, subscription_key: k }"),
  "the default grant": workday("client_secret: s, refresh_token: r"),
  "another grant": workday("grant: client_credentials, client_secret: s"),
  "a style without credentials": one("{ id: h, tool: hroffice, connection: { auth_style: none } }"),
  "a folder with a number for a name": `${head}state: 2026\n`,
  "everything of an integration": one("{ id: n, tool: nmbrs, enabled: false, max_in_flight: 1, upstream: { connect_to: 'a:1', max_response_bytes: 5 }, connection: { username: u, token: t, domain: acme } }"),
};
const wrong = {
  "nothing": "",
  "no server": `plugins: { directory: "${join(build, "plugins")}" }\n`,
  "no plugins": "server: { api_keys: [{ name: a, key: k }] }\n",
  "an unknown key": `${head}integration: []\n`,
  "an unknown key of the server": server("port: 8080"),
  "no API key": `server: { api_keys: [] }\nplugins: { directory: "${join(build, "plugins")}" }\n`,
  "an API key without a name": `server: { api_keys: [{ key: k }] }\nplugins: { directory: "${join(build, "plugins")}" }\n`,
  "a key and its digest": `server: { api_keys: [{ name: a, key: k, key_sha256: ${"0a".repeat(32)} }] }\nplugins: { directory: "${join(build, "plugins")}" }\n`,
  "an empty key": `server: { api_keys: [{ name: a, key: "" }] }\nplugins: { directory: "${join(build, "plugins")}" }\n`,
  "no host to listen on": server("listen: 8080"),
  "a port too high": server("listen: 'a:65536'"),
  "no network": server("allowed_networks: [10.0.0.0/33]"),
  "too many threads": server("threads: 257"),
  "a word for a number": `${head}upstream: { timeout_ms: soon }\n`,
  "no time at all": `${head}upstream: { timeout_ms: 0 }\n`,
  "yes for a boolean": `${head}upstream: { allow_private_addresses: yes }\n`,
  "an unknown kind of state": `${head}state: mysql://host/db\n`,
  "a short pin": server("threads: 1").replace("plugins: { ", "plugins: { pins: { nmbrs: abc }, "),
  "a map of integrations": `${head}integrations: {}\n`,
  "an integration that is nothing": `${head}integrations:\n  -\n`,
  "no id": one("{ tool: nmbrs, connection: { username: u, token: t, domain: acme } }"),
  "a bad id": one("{ id: 'a b', tool: nmbrs, connection: { username: u, token: t, domain: acme } }"),
  "an unknown tool": one("{ id: n, tool: numbers, connection: { username: u } }"),
  "an unknown field": nmbrs("{ username: u, tokn: t, domain: acme }"),
  "a field of another tool": nmbrs("{ username: u, token: t, domain: acme, tenant: acme }"),
  "a bad choice": nmbrs("{ username: u, token: t, domain: acme, environment: test }"),
  "a text that is not right": nmbrs("{ username: u, token: t, domain: acme.nmbrs.nl }"),
  "a missing field": nmbrs("{ username: u, token: t }"),
  "no connection": one("{ id: n, tool: nmbrs }"),
  "an empty connection": nmbrs("{}"),
  "a connection that is nothing": one("{ id: n, tool: nmbrs, connection: }").replace("connection: }", "connection: ~ }"),
  "a field that is nothing": nmbrs("{ username: u, token: , domain: acme }").replace("token: ,", "token: ~,"),
  "a field that is a list": nmbrs("{ username: u, token: [t], domain: acme }"),
  "a number where letters are wanted": workday("client_secret: s, refresh_token: r").replace("wd5.workday.com", "5"),
  "a lone $": nmbrs('{ username: u, token: "a$b", domain: acme }'),
  "an unknown placeholder": nmbrs('{ username: u, token: "${secret:x}", domain: acme }'),
  "a variable that cannot be": nmbrs('{ username: u, token: "${env:1X:-a}", domain: acme }'),
  "the grant's fields missing": workday("client_secret: s"),
  "another grant's fields missing": workday("grant: jwt_bearer, private_key: x"),
};
// What a schema cannot know: what another place says, the world outside, and how YAML was written.
const beyond = {
  "an id twice": `${head}integrations:\n${"  - { id: n, tool: nmbrs, connection: { username: u, token: t, domain: acme } }\n".repeat(2)}`,
  "an API key's name twice": head.replace("{ name: a, key: k }", "{ name: a, key: k }, { name: a, key: l }"),
  "a variable that is not set": nmbrs('{ username: u, token: "${env:PENSTOCK_NOT_SET}", domain: acme }'),
  "a file that is not there": nmbrs('{ username: u, token: "${file:/nowhere}", domain: acme }'),
  "what a placeholder stands for": `${head}upstream: { timeout_ms: "\${env:NO:-soon}" }\n`,
  "the size of a number in quotes": `${head}upstream: { timeout_ms: "0" }\n`,
  "how a number is written": `${head}upstream: { timeout_ms: 1e3 }\n`,
  "how a boolean is written": `${head}upstream: { allow_private_addresses: True }\n`,
  "an anchor": `${head}state: &here x\n`,
  "a folder without plugins": `${head.replace(join(build, "plugins"), "/nowhere")}`,
  "a pin that is not the file's": server("threads: 1").replace("plugins: { ", `plugins: { pins: { nmbrs: ${"0a".repeat(32)} }, `),
  "an authority that is not there": one("{ id: n, tool: nmbrs, upstream: { ca_file: nowhere.pem }, connection: { username: u, token: t, domain: acme } }"),
};

const entries = (...tables) => tables.flatMap((table) => Object.entries(table));

test("the schema and penstock check say the same", () => {
  const rows = entries(fine, wrong);
  const said = judge(rows.map(([, text]) => text));
  rows.forEach(([name, text], i) => {
    assert.equal(said[i] === "", name in fine, `the schema, of ${name}: ${said[i] || "fine"}`);
    const problems = check(text);
    assert.equal(problems === "", name in fine, `penstock check, of ${name}: ${problems || "fine"}`);
  });
});

test("what the schema cannot know is what penstock check finds on top", () => {
  const rows = entries(beyond);
  const said = judge(rows.map(([, text]) => text));
  rows.forEach(([name, text], i) => {
    assert.equal(said[i], "", name);
    assert.notEqual(check(text), "", name);
  });
});

test("the schema is there whatever else is wrong with the file, and only the plugins can be missing", () => {
  const whole = readFileSync(join(folder, "schema.json"), "utf8");
  for (const name of ["an unknown key", "no API key", "no id", "an unknown tool", "a missing field", "a lone $", "a variable that is not set"]) {
    writeFileSync(join(folder, "broken.yaml"), wrong[name] ?? beyond[name]);
    const ran = schemaOf("broken.yaml");
    assert.equal(ran.status, 0, `${name}: ${ran.stderr}`);
    assert.equal(ran.stdout, whole, name);
  }
  writeFileSync(join(folder, "broken.yaml"), wrong["no plugins"]);
  const ran = schemaOf("broken.yaml");
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /^broken\.yaml:1:1: the configuration needs plugins\.directory$/m);
});

test("no variable of the environment gets into the schema", () => {
  const ran = schemaOf("integrations.yaml", { HIBOB_TOKEN: "value-of-a-variable", PENSTOCK_API_KEY: "value-of-a-variable" });
  assert.equal(ran.stdout, readFileSync(join(folder, "schema.json"), "utf8"));
});
