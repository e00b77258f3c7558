import assert from "node:assert/strict";

import { answer } from "../world.mjs";

const cases = {};
for (const method of ["GET", "DELETE", "POST", "PUT", "PATCH"]) {
  cases[`sends a ${method} with a body`] = async (world) => {
    const seen = await world.send({ method, path: "/x", data: { a: 1 } });
    assert.equal(seen.method, method);
    assert.equal(seen.body.toString(), '{"a":1}');
  };
  cases[`sends a ${method} without a body`] = async (world) => {
    const seen = await world.send({ method, path: "/x" });
    assert.equal(seen.method, method);
    assert.equal(seen.body.length, 0);
    assert.equal(seen.header("content-type"), undefined);
    assert.equal(seen.header("content-length"), ["POST", "PUT", "PATCH"].includes(method) ? "0" : undefined);
  };
}

cases["gives the head alone to a HEAD in the proxy, with the length of what a GET would give"] = async (world) => {
  await world.next("hibob", answer(200, ["Content-Type: application/json", "Content-Length: 1234", 'ETag: "x"'], "",
    { framing: "none" }));
  const got = await world.proxy("HEAD", "hibob/v1", "/people");
  assert.equal(got.status, 200);
  assert.equal(got.headers["content-length"], "1234");
  assert.equal(got.headers.etag, '"x"');
  assert.equal((await world.seen("hibob")).method, "HEAD");
};
cases["asks OPTIONS in the proxy"] = async (world) => {
  await world.next("hibob", answer(204, ["Allow: GET, HEAD"], "", { framing: "none" }));
  const got = await world.proxy("OPTIONS", "hibob/v1", "/people");
  assert.equal(got.status, 204);
  assert.equal(got.headers.allow, "GET, HEAD");
};

export default cases;
