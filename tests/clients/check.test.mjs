// `penstock check` as a program: what it prints where, for people, for machines and for GitHub, and that `serve` refuses
// on the same list.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const source = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
const build = process.env.PENSTOCK_BUILD_DIR ?? join(source, "build/release");
const penstock = join(build, "bin/penstock");
const folder = mkdtempSync(join(tmpdir(), "penstock-check-"));
after(() => rmSync(folder, { recursive: true, force: true }));

mkdirSync(join(folder, "lib"));
copyFileSync(join(build, "plugins/hibob.so"), join(folder, "lib/hibob.so"));

const head = `server: { api_keys: [{ name: a, key: c4n4ry-key-of-twenty }] }\nplugins: { directory: lib }\nintegrations:\n`;
const fine = `${head}  []\n`;
const broken = `${head}  - id: a
    tool: hibbob
  - id: b
    tool: hibob
    conection: {}
  - id: c
    tool: hibob
    connection: { service_user_id: S, tokn: c4n4ry-token, environment: prod }
`;
const told = `f.yaml:5:11: unknown tool "hibbob"; did you mean "hibob"?
f.yaml:8:5: an integration has no key "conection"; did you mean "connection"?
f.yaml:11:39: tool hibob has no connection field "tokn"; did you mean "token"?
f.yaml:11:72: connection.environment must be one of "api", "api.sandbox"
4 problems
`;

const environment = { ...process.env, TERM: "xterm" };
delete environment.NO_COLOR;

function run(yaml, args, command = "check") {
  writeFileSync(join(folder, "f.yaml"), yaml);
  return spawnSync(penstock, [command, "-c", "f.yaml", ...args], { cwd: folder, encoding: "utf8", timeout: 60_000 });
}

/** The same with a terminal of `columns` for its output. */
function runOnTerminal(yaml, env = {}, columns = 0) {
  writeFileSync(join(folder, "f.yaml"), yaml);
  const size = columns ? `stty cols ${columns}; ` : "";
  const { stdout, status } = spawnSync("script", ["-qec", `${size}${penstock} check -c f.yaml`, "/dev/null"],
    { cwd: folder, encoding: "utf8", timeout: 60_000, env: { ...environment, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  return { text: stdout.replaceAll("\r\n", "\n"), status };
}

test("everything fine is said on standard output", () => {
  const { status, stdout, stderr } = run(fine, []);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /^f\.yaml: fine; 1 plugin, 3 APIs, 0 integrations\n$/);
});

test("problems go to standard error, one a line, and are counted", () => {
  const { status, stdout, stderr } = run(broken, []);
  assert.deepEqual([status, stdout, stderr], [1, "", told]);
  assert.equal(run(`${head}  - id: a\n    tool: x\n`, []).stderr, 'f.yaml:5:11: unknown tool "x"\n1 problem\n');
});

test("serve and call refuse on the very same list; what needs the plugins alone does not", () => {
  for (const [command, args] of [["serve", ["--listen", "127.0.0.1:0"]], ["call", ["hibob/v1", "GET", "/people"]]]) {
    const { status, stdout, stderr } = run(broken, args, command);
    assert.deepEqual([status, stdout, stderr], [1, "", told], command);
  }
  for (const command of ["apis", "plugins", "schema", "openapi"]) {
    const { status, stderr } = run(broken, [], command);
    assert.deepEqual([status, stderr], [0, ""], command);
  }
});

test("for machines there is one JSON object on standard output", () => {
  for (const args of [["--json"], ["--format", "json"]]) {
    const { status, stdout, stderr } = run(broken, args);
    assert.deepEqual([status, stderr], [1, ""]);
    assert.deepEqual(JSON.parse(stdout), { problems: [
      { file: "f.yaml", line: 5, column: 11, end_column: 17, message: 'unknown tool "hibbob"; did you mean "hibob"?', suggestion: "hibob" },
      { file: "f.yaml", line: 8, column: 5, end_column: 14,
        message: 'an integration has no key "conection"; did you mean "connection"?', suggestion: "connection" },
      { file: "f.yaml", line: 11, column: 39, end_column: 43,
        message: 'tool hibob has no connection field "tokn"; did you mean "token"?', suggestion: "token" },
      { file: "f.yaml", line: 11, column: 72, end_column: 76, message: 'connection.environment must be one of "api", "api.sandbox"' },
    ] });
  }
  assert.equal(run(fine, ["--json"]).stdout, '{"problems":[]}\n');
  const absent = spawnSync(penstock, ["check", "--json", "-c", join(folder, "none")], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(absent.stdout), { problems: [{ file: join(folder, "none"), message: "cannot be read: No such file or directory" }] });
});

test("for GitHub each problem is an annotation, escaped as its runner reads it", () => {
  writeFileSync(join(folder, "a,b:c%.yaml"), `${head}  - id: a\n    tool: "100%: a, b"\n`);
  const { status, stdout, stderr } = spawnSync(penstock, ["check", "--format", "github", "-c", "a,b:c%.yaml"], { cwd: folder, encoding: "utf8" });
  assert.deepEqual([status, stderr], [1, ""]);
  assert.equal(stdout, '::error file=a%2Cb%3Ac%25.yaml,line=5,col=11,endColumn=23,title=penstock check::unknown tool "100%25: a, b"\n');
  assert.match(run(fine, ["--format", "github"]).stdout, /^f\.yaml: fine;/);
});

test("the formats are named, and only they", () => {
  for (const args of [["--format", "xml"], ["--json", "--format", "github"]]) {
    const { status, stdout, stderr } = run(fine, args);
    assert.equal(status, 2, stdout + stderr);
  }
  assert.match(run(fine, ["--help"]).stdout, /text[\s\S]*json[\s\S]*github[\s\S]*Exit code/);
});

test("on a terminal each problem stands under its line, secrets masked", () => {
  const plain = runOnTerminal(broken, { NO_COLOR: "1" });
  assert.equal(plain.status, 1);
  const [tool, key, field, choice] = told.split("\n");
  const connection = "   11 |     connection: { service_user_id: S, tokn: ***, environment: prod }";
  assert.equal(plain.text, `${tool}
    5 |     tool: hibbob
      |           ^~~~~~
${key}
    8 |     conection: {}
      |     ^~~~~~~~~
${field}
${connection}
      |                                       ^~~~
${choice}
${connection}
      |                                                               ^~~~
4 problems
`);
  assert.equal(runOnTerminal(broken, { TERM: "dumb" }).text, plain.text);
  const coloured = runOnTerminal(broken).text;
  assert.match(coloured, /\x1b\[1m.*f\.yaml:5:11: \x1b\[0m/);
  assert.equal(coloured.replaceAll(/\x1b\[[\d;]*m/g, ""), plain.text);
});

test("the mark stands under its word whatever stands before it", () => {
  const mark = (yaml, columns) => runOnTerminal(head + yaml, { NO_COLOR: "1" }, columns).text.split("\n").slice(1, 3);
  // Wide, combining and multi-byte characters count as the terminal shows them, tabs as four columns.
  assert.deepEqual(mark("  - { id: '日本é', tool: 'e\u0301', tol:\tx }\n"),
    ["    4 |   - { id: '日本é', tool: 'e\u0301', tol:    *** }", "      |           ^~~~~~~"]);
  // A long line is cut around the mark.
  const long = `  - { id: ${"a".repeat(90)}, tool: hibbob, upstream: { connect_to: ${"b".repeat(90)} } }\n`;
  assert.deepEqual(mark(long, 60), [`    4 | …${"a".repeat(17)}, tool: hibbob, upstream: { conne…`, `      | ${" ".repeat(26)}^~~~~~`]);
  // What could steer the terminal does not.
  assert.deepEqual(mark('  - { id: a, tool: "\\e[31m\\u202E" }\n')[0], '    4 |   - { id: a, tool: "\\e[31m\\u202E" }');
  assert.doesNotMatch(runOnTerminal(`${head}  - { id: a, tool: "\\e[31m\\u202E" }\n`, { NO_COLOR: "1" }).text, /\x1b|\u202e/);
});

test("no format shows a secret, wherever it slipped to", () => {
  const fields = ["token: c4n4ry", "token: [c4n4ry]", "tokn: c4n4ry", "token: \"c4n4ry\\n\"", "token:c4n4ry, x: y", "c4n4ry", "token: 'c4n4ry",
    "token: *c4n4ry", "token: &c4n4ry c4n4ry", "token: !c4n4ry x", "token: ${file:/c4n4ry-is-a-path", "service_user_id: S # c4n4ry"];
  const files = [
    ...fields.map((field) => `${head}  - id: a\n    tool: hibob\n    connection: { ${field} }\n    enabled: no\n`),
    ...fields.map((field) => `${head}  - id: a\n    tool: hibob\n    connection:\n      ${field}\n    enabled: no\n  - x: c4n4ry\n`),
    `${head}  - id: a\n    tool: hibob\n    connection:\n      token: |\n        c4n4ry\n       c4n4ry: x\n    enabled: no\n`,
    `${head}  - id: a\n    token: c4n4ry\n    tool: '\${env:CANARY}'\n`,
    `server: { api_keys: [{ name: a, ky: c4n4ry }, { name: b, key: [c4n4ry] }, { key_sha256: c4n4ry }, c4n4ry] }\nstate: mysql://u:c4n4ry@h/d\n`,
  ];
  for (const yaml of files) {
    writeFileSync(join(folder, "f.yaml"), yaml);
    const env = { ...environment, CANARY: "c4n4ry", NO_COLOR: "1" };
    for (const format of ["text", "json", "github"]) {
      const command = `${penstock} check --format ${format} -c f.yaml`;
      const [program, ...args] = format === "text" ? ["script", "-qec", command, "/dev/null"] : command.split(" ");
      const { stdout } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env, stdio: ["ignore", "pipe", "pipe"] });
      assert.match(stdout, /f\.yaml/, yaml);
      assert.doesNotMatch(stdout.replaceAll("c4n4ry-is-a-path", ""), /c4n4ry/, `${format} of\n${yaml}`);
    }
  }
});
