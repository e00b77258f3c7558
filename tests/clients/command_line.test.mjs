// What a slip on the command line is answered with: what is wrong, what was meant, where to read on.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";

const source = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
const penstock = join(process.env.PENSTOCK_BUILD_DIR ?? join(source, "build/release"), "bin/penstock");
const run = (words) => spawnSync(penstock, words, { encoding: "utf8", timeout: 60_000 });

const slips = [
  [["chekc"], 'penstock: "chekc" is not a command; did you mean "check"? See `penstock help`'],
  [["-c", "f.yaml", "calls"], 'penstock: "calls" is not a command; did you mean "call"? See `penstock help`'],
  [["help", "serv"], 'penstock: "serv" is not a command; did you mean "serve"? See `penstock help`'],
  [["xyzzy"], 'penstock: "xyzzy" is not a command; see `penstock help`'],
  [["call"], "penstock: api is required; see `penstock help call`"],
  [["call", "hibob/v1", "GET"], "penstock: path is required; see `penstock help call`"],
  [["call", "--integraton", "x", "hibob/v1", "GET", "/x"],
    'penstock: `call` takes no option --integraton; did you mean "--integration"? See `penstock help call`'],
  [["call", "--server=http://127.0.0.1:1", "hibob/v1", "GET", "/x"], "penstock: `call` takes no option --server; see `penstock help call`"],
  [["serve", "extra"], 'penstock: `serve` takes no argument "extra"; see `penstock help serve`'],
  [["serve", "--listen"], "penstock: --listen: 1 required HOST:PORT missing; see `penstock help serve`"],
  [["check", "--jsn"], 'penstock: `check` takes no option --jsn; did you mean "--json"? See `penstock help check`'],
  [["--verison"], 'penstock: there is no option --verison; did you mean "--version"? See `penstock help`'],
  [["call", "--data=", "--dry-run"], "penstock: write an empty value as a separate argument: --data ''"],
];

test("a slip is answered in one line on standard error, with exit code 2", () => {
  for (const [words, told] of slips) {
    const { status, stdout, stderr } = run(words);
    assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: "", stderr: `${told}\n` }, words.join(" "));
  }
});

test("what could not be written is a failure", () => {
  const full = openSync("/dev/full", "w");
  for (const words of [["help"], ["--version"], ["help", "call"]]) {
    const { status, stderr } = spawnSync(penstock, words, { encoding: "utf8", stdio: ["ignore", full, "pipe"] });
    assert.deepEqual({ status, stderr }, { status: 1, stderr: "penstock: standard output could not be written completely\n" }, words.join(" "));
  }
  closeSync(full);
});

test("a file that cannot be read is named with the reason", () => {
  for (const [words, told, code] of [
    [["check", "-c", "/nowhere/f.yaml"], /^\/nowhere\/f\.yaml: cannot be read: No such file or directory$/m, 1],
    [["check", "-c", "/tmp"], /^\/tmp: cannot be read: Is a directory$/m, 1],
    [["check", "-c", "/dev/zero"], /^\/dev\/zero: is larger than 16 MiB$/m, 1],
    [["check", "-c", "/dev/null"], /^\/dev\/null:1:1: the configuration must be a map, not nothing$/m, 1],
  ]) {
    const { status, stderr } = run(words);
    assert.equal(status, code, words.join(" "));
    assert.match(stderr, told);
  }
});

test("a configuration may come through a pipe", () => {
  const { stderr } = spawnSync("bash", ["-c", `exec ${penstock} check -c <(printf 'server: [')`], { encoding: "utf8" });
  assert.match(stderr, /^\/dev\/fd\/\d+:1:/m);
});

test("a pipe in the place of a file is read when its writer comes, and is not waited for without one", () => {
  const folder = mkdtempSync(join(tmpdir(), "penstock-cli-"));
  const pipe = join(folder, "pipe");
  const shell = (command) => spawnSync("bash", ["-c", `mkfifo ${pipe}; ${command}; rm ${pipe}`], { encoding: "utf8", timeout: 60_000 });
  assert.match(shell(`(sleep 0.3; echo 'server: [' >${pipe}) & ${penstock} check -c ${pipe}`).stderr, /^.*\/pipe:\d+:\d+: /m);
  assert.match(shell(`${penstock} check -c ${pipe}`).stderr, /^.*\/pipe: cannot be read: no process writes to it$/m);
  rmSync(folder, { recursive: true });
});

test("without a command the help is shown, as a slip", () => {
  const { status, stdout, stderr } = run([]);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
  assert.match(stderr, /^Usage: penstock /m);
});

test("help is printed for who asks for it", () => {
  for (const [words, usage] of [
    [["help"], /^Usage: penstock \[OPTIONS\]/m], [["--help"], /^Usage: penstock \[OPTIONS\]/m],
    [["help", "-c", "f.yaml", "call"], /^Usage: penstock call /m], [["help", "call"], /^Usage: penstock call .*api method path/m], [["call", "--help"], /^Usage: penstock call .*api method path/m],
  ]) {
    const { status, stdout, stderr } = run(words);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" }, words.join(" "));
    assert.match(stdout, usage);
  }
});
