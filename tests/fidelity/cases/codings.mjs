import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";

import { answer } from "../world.mjs";

const text = JSON.stringify({ text: "hello ".repeat(1000) });
const coded = {
  gzip: gzipSync(text),
  "x-gzip": gzipSync(text),
  deflate: deflateSync(text),
  br: brotliCompressSync(text),
  zstd: execFileSync("zstd", ["-q", "-c"], { input: text }),
};
const json = ["Content-Type: application/json"];

function chunked(bytes, trailers = "") {
  const chunks = [];
  for (let i = 0; i < bytes.length; i += 7) {
    const chunk = bytes.subarray(i, i + 7);
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n"));
  }
  return Buffer.concat([...chunks, Buffer.from(`0\r\n${trailers}\r\n`)]);
}

const cases = {};
for (const [coding, bytes] of Object.entries(coded)) {
  cases[`undoes ${coding}`] = async (world) => {
    const got = await world.read(answer(200, [...json, `Content-Encoding: ${coding}`], bytes));
    assert.equal(got.dataText, text);
    assert.equal(got.json.data.headers["content-encoding"], undefined);
  };
  cases[`undoes ${coding} in chunks`] = async (world) => {
    const got = await world.read(answer(200, [...json, `Content-Encoding: ${coding}`, "Transfer-Encoding: chunked"],
      chunked(bytes), { framing: "none" }));
    assert.equal(got.dataText, text);
  };
  cases[`leaves ${coding} to the proxy's caller`] = async (world) => {
    await world.next("hibob", answer(200, [...json, `Content-Encoding: ${coding}`], bytes));
    const got = await world.proxy("GET", "hibob/v1", "/people", { headers: { "Accept-Encoding": coding } });
    assert.equal(got.headers["content-encoding"], coding);
    assert.deepEqual(got.bytes, bytes);
    assert.equal((await world.seen("hibob")).header("accept-encoding"), coding);
  };
  cases[`gives ${coding} that breaks off as it came, and says so`] = async (world) => {
    const got = await world.read(answer(200, [...json, `Content-Encoding: ${coding}`], bytes.subarray(0, bytes.length - 6)));
    assert.equal(got.status, 200);
    assert.equal(got.json.data.headers["content-encoding"], coding);
    assert.equal(typeof got.json.data.data, "string");
    assert.match(got.json.warnings[0].message, /Content-Encoding/);
  };
}
cases["undoes raw deflate, which some servers send"] = async (world) => {
  assert.equal((await world.read(answer(200, [...json, "Content-Encoding: deflate"], deflateRawSync(text)))).dataText, text);
};
cases["undoes gzip of two members"] = async (world) => {
  const two = Buffer.concat([gzipSync("[1,"), gzipSync("2]")]);
  assert.equal((await world.read(answer(200, [...json, "Content-Encoding: gzip"], two))).dataText, "[1,2]");
};
cases["gives an answer in chunks, and one that ends with the connection"] = async (world) => {
  const inChunks = await world.read(answer(200, [...json, "Transfer-Encoding: chunked"], chunked(Buffer.from(text)),
    { framing: "none" }));
  assert.equal(inChunks.dataText, text);
  const toTheEnd = await world.read(answer(200, json, text, { framing: "none" }));
  assert.equal(toTheEnd.dataText, text);
};
cases["never takes a cut answer for a whole one"] = async (world) => {
  const short = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nshort");
  const got = await world.read(short);
  assert.equal(got.status, 502);
  assert.equal(got.json.error.phase, "receive");
};
cases["gives trailers to a proxy's caller that takes them"] = async (world) => {
  await world.next("hibob", answer(200, ["Transfer-Encoding: chunked", "Trailer: X-Sum"],
    chunked(Buffer.from("hello"), "X-Sum: 42\r\n"), { framing: "none" }));
  const got = await world.proxy("GET", "hibob/v1", "/people", { headers: { TE: "trailers" } });
  assert.equal(got.bytes.toString(), "hello");
  assert.equal(got.trailers["x-sum"], "42");
};
cases["keeps trailers from who does not take them"] = async (world) => {
  await world.next("hibob", answer(200, ["Transfer-Encoding: chunked"], chunked(Buffer.from("hello"), "X-Sum: 42\r\n"),
    { framing: "none" }));
  const got = await world.proxy("GET", "hibob/v1", "/people");
  assert.equal(got.bytes.toString(), "hello");
  assert.deepEqual(got.trailers, {});
};

export default cases;
