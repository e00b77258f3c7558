// The examples of the catalogue are run as they are printed: by a shell, by the command line and by Kombo's SDK.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { after, before, test } from "node:test";

import { end, open } from "./stage.mjs";

const here = new URL(".", import.meta.url).pathname;
const build = process.env.PENSTOCK_BUILD_DIR ?? join(resolve(here, "../.."), "build/release");
const env = { ...process.env, PENSTOCK_API_KEY: "dev-key", PATH: [join(build, "bin"), process.env.PATH].join(delimiter) };

let stage, config;
before(async () => {
  stage = await open();
  // The command line shows the address that is configured; the stage's server took a free port.
  config = join(stage.folder, "it's.yaml");
  writeFileSync(config, readFileSync(stage.config, "utf8").replace("127.0.0.1:8080", new URL(stage.base).host));
});
after(() => stage?.close());

function run(program, args, options = {}) {
  const ran = spawnSync(program, args, { encoding: "utf8", env, maxBuffer: 1 << 26, ...options });
  assert.equal(ran.status, 0, `${args.join(" ")}\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

const apis = (...args) => run("penstock", ["apis", ...args, "-c", config]);
const catalogue = () => JSON.parse(apis("--json"));
const named = ({ tool, api }) => `${tool}/${api}`;

/** What does not change from one call to the next. */
function settled({ status, url, data }) {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return { status, url, data: text.replace(/\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)?/g, "TIME") };
}

/** Runs programs as modules that find the SDK, one after another in one process; each prints a line. */
function runModules(programs) {
  const folder = mkdtempSync(join(here, "node_modules/.examples-"));
  try {
    const files = programs.map((program, i) => join(folder, `${i}.mjs`));
    files.forEach((file, i) => writeFileSync(file, programs[i]));
    const all = "for (const file of process.argv.slice(1)) await import(file);";
    return run(process.execPath, ["--input-type=module", "-e", all, ...files]).trim().split("\n").map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("every example runs in each of its forms, and each gets the same answer", async () => {
  const shown = catalogue();
  for (const api of shown) assert.ok(api.examples.length > 0, named(api));
  const examples = shown.flatMap((api) => api.examples.map((example) => ({ ...example, name: `${named(api)}: ${example.title}` })));

  const answers = examples.map(({ name, curl }) => {
    const answer = JSON.parse(run("/bin/sh", ["-c", curl]));
    assert.equal(answer.status, "success", `${name}: ${JSON.stringify(answer)}`);
    assert.ok(answer.data.status < 400, `${name}: ${JSON.stringify(answer.data)}`);
    return settled(answer.data);
  });
  runModules(examples.map(({ typescript }) => typescript)).forEach((answer, i) =>
    assert.deepEqual(settled(answer), answers[i], examples[i].name));
  // A command opens the state for itself: the server's turn is over.
  await end(stage.engine);
  examples.forEach(({ name, cli }, i) =>
    assert.deepEqual(settled(JSON.parse(run("/bin/sh", ["-c", cli])).data), answers[i], name));
});

test("people see the very forms that machines get, within their page", () => {
  for (const line of apis().split("\n")) assert.ok(line.length <= 100, line);
  for (const api of catalogue()) {
    const page = apis(named(api));
    for (const { curl, cli, typescript } of api.examples) {
      for (const form of [curl, cli, typescript]) assert.ok(page.includes(`\n${form}\n`), `${named(api)}: ${form}`);
    }
    for (const name of [...Object.keys(api.connection.properties ?? {}), ...Object.keys(api.api_options.properties ?? {})])
      assert.match(page, new RegExp(`^  ${name} `, "m"), named(api));
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(page, /[\x00-\x09\x0b-\x1f\x7f]/);
  }
});

test("an API is explained with what its connection needs", () => {
  const page = apis("workday/rest");
  for (const row of [/^  methods +GET POST PUT PATCH DELETE$/m, /^  plugin +workday_rest \d/m, /^  test call +One worker: GET \/workers/m,
    /^  service_name +required +staffing, person/m, /^  version +default v1 /m, /^  client_secret +required +secret; needed where grant is refresh_token,/m,
    /^  isu +optional +needed where grant is jwt_bearer;/m, /one of refresh_token,\s+client_credentials,\s+jwt_bearer/]) assert.match(page, row);
  assert.match(apis("hibob/v1"), /^api_options: none$/m);
});

test("the catalogue needs the plugins and no credential", () => {
  const broken = join(stage.folder, "broken.yaml");
  writeFileSync(broken, `${readFileSync(config, "utf8")}
  - id: nmbrs:new
    tool: nmbrs
    connection: { token: "\${env:PENSTOCK_NOT_SET}", tokn: x }
`);
  for (const command of ["apis", "plugins", "schema"]) {
    const ran = spawnSync("penstock", [command, "-c", broken], { encoding: "utf8", env });
    assert.equal(ran.status, 0, `${command}: ${ran.stderr}`);
    assert.ok(ran.stdout.length > 100);
  }
});

test("the server's catalogue is the command line's, with its own address", async () => {
  const other = await open();
  try {
    const answer = await fetch(`${other.base}/apis`, { headers: { Authorization: "Bearer dev-key" } });
    const { data } = await answer.json();
    const address = new URL(other.base).host;
    const expected = JSON.parse(apis("--json").replaceAll(new URL(stage.base).host, address));
    for (const api of [...data, ...expected]) api.examples.forEach((example) => delete example.cli); // names a file there
    assert.deepEqual(data, expected);
    const one = await fetch(`${other.base}/apis/workday/rest`, { headers: { Authorization: "Bearer dev-key" } });
    const { data: api } = await one.json();
    assert.equal(api.examples[0].cli,
      "penstock call workday/rest GET /workers -i workday:acme -o service_name=staffing -o version=v6 -q limit=5");
    assert.deepEqual(api.verify.request, { method: "GET", path: "/workers", params: { limit: "1" }, api_options: { service_name: "staffing", version: "v6" } });
    assert.deepEqual(api.required_when[2], { field: "grant", equals: "jwt_bearer", fields: ["private_key", "isu"] });
  } finally {
    await other.close();
  }
});
