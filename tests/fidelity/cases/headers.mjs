import assert from "node:assert/strict";

import { answer } from "../world.mjs";

const cases = {
  "gives headers of one name in order": async (world) => {
    const got = await world.read(answer(200, ["X-A: 1", "Set-Cookie: a=1; Path=/", "X-A: 2", "Set-Cookie: b=2", "x-a: 3"], "ok"));
    assert.deepEqual(got.json.data.headers["x-a"], ["1", "2", "3"]);
    assert.deepEqual(got.json.data.headers["set-cookie"], ["a=1; Path=/", "b=2"]);
  },
  "gives headers of one name in order in the proxy": async (world) => {
    await world.next("hibob", answer(200, ["Set-Cookie: a=1", "X-B: x", "Set-Cookie: b=2"], "ok"));
    const got = await world.proxy("GET", "hibob/v1", "/people");
    assert.deepEqual(got.rawHeaders.filter(([name]) => name === "set-cookie"), [["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
  },
  "gives the vendor's rate limits": async (world) => {
    const headers = ["X-RateLimit-Limit: 50", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 1790000000", "Retry-After: 7"];
    const got = await world.read(answer(429, headers, "{}"));
    assert.equal(got.json.data.status, 429);
    assert.equal(got.json.data.headers["x-ratelimit-limit"], "50");
    assert.equal(got.json.data.headers["x-ratelimit-remaining"], "0");
    assert.equal(got.json.data.headers["x-ratelimit-reset"], "1790000000");
    assert.equal(got.json.data.headers["retry-after"], "7");
  },
  "gives what a client of HTTP needs": async (world) => {
    const headers = ['ETag: W/"1"', "Last-Modified: Mon, 23 Nov 2026 00:00:00 GMT", 'Link: </a?p=2>; rel="next", </b>', "Vary: *",
      "Content-Disposition: attachment; filename*=UTF-8''%e2%82%ac.pdf", "X-Empty:", "X-Colon: a:b: c"];
    const { headers: got } = (await world.read(answer(200, headers, "ok"))).json.data;
    for (const line of headers) {
      const [name, value] = [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()];
      assert.equal(got[name.toLowerCase()], value);
    }
  },
  "keeps hop-by-hop headers to the hop": async (world) => {
    const got = await world.read(answer(200, ["Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "X-End: 2"], "ok"));
    assert.equal(got.json.data.headers["x-end"], "2");
    for (const name of ["connection", "x-hop", "keep-alive", "transfer-encoding"])
      assert.equal(got.json.data.headers[name], undefined, name);
  },
  "sends the caller's headers as they are": async (world) => {
    const headers = { "X-Custom": "a, b; c=\"d\"", Accept: "text/csv", "Accept-Language": "de;q=0.5", "If-Match": '"1"',
      "Idempotency-Key": "k-1", "User-Agent": "mine/1.0" };
    const seen = await world.send({ method: "GET", path: "/people", headers });
    for (const [name, value] of Object.entries(headers)) assert.equal(seen.header(name.toLowerCase()), value);
    assert.equal(seen.all("authorization").length, 1);
    assert.equal(seen.all("host").length, 1);
  },
  "leaves the caller's own hop and key behind in the proxy": async (world) => {
    await world.next("hibob", answer(200, [], "ok"));
    await world.proxy("GET", "hibob/v1", "/people", { headers: { "X-Custom": "kept", Connection: "x-hop, keep-alive", "X-Hop": "1" } });
    const seen = await world.seen("hibob");
    assert.equal(seen.header("x-custom"), "kept");
    for (const name of ["x-hop", "x-integration-id", "connection"]) assert.equal(seen.header(name), undefined, name);
    assert.ok(!seen.headers.some(([, value]) => value.includes("dev-key")));
  },
};

export default cases;
