// Bodies of any size pass the proxy in constant memory, and no side gets ahead of the other.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { open } from "./stage.mjs";

const mib = 1 << 20;
const size = Number(process.env.PENSTOCK_STREAM_MIB ?? 128) * mib;
const block = Buffer.alloc(mib, "v");
// What the engine may grow by, whatever passes. A sanitizer keeps what was freed.
const most = process.env.PENSTOCK_SANITIZED ? Infinity : 24 * mib;

/** Until a stream takes more, or is gone. */
function drained(stream) {
  return new Promise((done) => {
    const go = () => done(stream.off("drain", go).off("close", go));
    stream.on("drain", go).on("close", go);
  });
}

/** HiBob, but that /big is as large as can be, and a POST is answered with its size. `written` is how far /big has got. */
async function vendor(folder) {
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
    "-subj", "/CN=api.hibob.com", "-addext", "subjectAltName=DNS:api.hibob.com", "-keyout", join(folder, "key.pem"),
    "-out", join(folder, "vendor.pem")], { stdio: "ignore" });
  const state = { written: 0 };
  const server = https.createServer({ key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "vendor.pem")) },
    async (request, response) => {
      if (request.method === "POST") {
        let taken = 0;
        for await (const piece of request) taken += piece.length;
        return response.end(String(taken));
      }
      for (state.written = 0; state.written < size && !response.destroyed; state.written += block.length)
        if (!response.write(block)) await drained(response);
      response.end();
    });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { state, port: server.address().port, close: () => { server.closeAllConnections(); server.close(); } };
}

/** From /proc: bytes. */
function memory(pid, name) {
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

function begin(stage, method, path, headers = {}) {
  const url = new URL(`${stage.base}/proxy/hibob/v1${path}`);
  return http.request(url, { method, agent: false,
    headers: { Authorization: "Bearer dev-key", "X-Integration-Id": "hibob:acme", ...headers } });
}

async function onStage(work) {
  const folder = mkdtempSync(join(tmpdir(), "penstock-memory-"));
  const bob = await vendor(folder);
  const stage = await open({ edit: (yaml) => yaml.replace("    tool: hibob\n",
    `    tool: hibob\n    upstream: { connect_to: "127.0.0.1:${bob.port}", ca_file: "${join(folder, "vendor.pem")}" }\n`) });
  try {
    await work(stage, bob);
  } finally {
    await stage.close();
    bob.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test(`${size / mib} MiB down and up`, () => onStage(async (stage) => {
  const before = memory(stage.pid, "VmRSS");
  const download = begin(stage, "GET", "/big").end();
  const [answer] = await once(download, "response");
  let got = 0;
  for await (const piece of answer) got += piece.length;
  assert.equal(got, size);

  for (const headers of [{ "Content-Length": size }, { "Transfer-Encoding": "chunked" }]) {
    const upload = begin(stage, "POST", "/big", headers);
    const answered = once(upload, "response");
    for (let sent = 0; sent < size; sent += block.length)
      if (!upload.write(block)) await drained(upload);
    upload.end();
    const [reply] = await answered;
    let text = "";
    for await (const piece of reply) text += piece;
    assert.equal(text, String(size));
  }
  const grown = memory(stage.pid, "VmHWM") - before;
  console.log(`${size / mib} MiB down, twice up: the engine's peak is ${(grown / mib).toFixed(1)} MiB above its start`);
  assert.ok(grown < most, `${grown} bytes`);
}));

test("a caller who does not read stops the vendor, and gets all of it later", () => onStage(async (stage, bob) => {
  const before = memory(stage.pid, "VmRSS");
  const [answer] = await once(begin(stage, "GET", "/big").end(), "response");
  answer.pause();
  // Until every buffer between the two is full: nothing moves any more.
  for (let last = -1; last !== bob.state.written; await new Promise((done) => setTimeout(done, 500))) last = bob.state.written;
  assert.ok(bob.state.written < 64 * mib, `the vendor was ${bob.state.written} bytes ahead`);
  let got = 0;
  for await (const piece of answer) got += piece.length;
  assert.equal(got, size);
  assert.ok(memory(stage.pid, "VmHWM") - before < most);
}));
