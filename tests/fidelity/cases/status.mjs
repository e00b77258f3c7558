import assert from "node:assert/strict";

import { answer } from "../world.mjs";

// All there can be; those with rules of their own stand below.
const special = [204, 205, 304, 401];
const statuses = Array.from({ length: 400 }, (_, i) => 200 + i).filter((status) => !special.includes(status));

const cases = {};
for (const status of statuses) {
  cases[`gives a ${status} with its body and its Location`] = async (world) => {
    const got = await world.read(answer(status, ["Content-Type: application/json", "Location: https://evil.example/x"], '{"s":1}'));
    assert.equal(got.json.status, "success", got.text);
    assert.equal(got.json.data.status, status);
    assert.equal(got.dataText, '{"s":1}');
    assert.equal(got.json.data.headers.location, "https://evil.example/x");
  };
}
cases["gives a 401 as the vendor's own"] = async (world) => {
  const got = await world.read(answer(401, ['WWW-Authenticate: Basic realm="x"'], ""));
  assert.equal(got.json.data.status, 401);
  assert.equal(got.json.data.headers["www-authenticate"], 'Basic realm="x"');
  assert.equal("data" in got.json.data, false);
};
for (const status of [204, 304]) {
  cases[`gives a ${status} without a body`] = async (world) => {
    const got = await world.read(answer(status, ["X-A: 1"], "", { framing: "none" }));
    assert.equal(got.json.data.status, status);
    assert.equal("data" in got.json.data, false);
  };
}
cases["gives a 205 and an empty 200 without a body"] = async (world) => {
  for (const status of [205, 200]) {
    const got = await world.read(answer(status, ["Content-Type: application/json"], ""));
    assert.equal(got.json.data.status, status);
    assert.equal("data" in got.json.data, false);
  }
};
for (const interim of [100, 102, 103, 199]) {
  cases[`gives the answer behind a ${interim}`] = async (world) => {
    const first = Buffer.from(`HTTP/1.1 ${interim} Wait\r\nLink: </a>\r\n\r\n`);
    const got = await world.read(Buffer.concat([first, answer(200, ["Content-Type: application/json"], "[1]")]));
    assert.equal(got.json.data.status, 200);
    assert.equal(got.dataText, "[1]");
    assert.equal(got.json.data.headers.link, undefined);
  };
}
for (const interim of [102, 103]) {
  cases[`gives a ${interim} to the proxy's caller as it comes`] = async (world) => {
    const first = Buffer.from(`HTTP/1.1 ${interim} Wait\r\nLink: </a>\r\n\r\n`);
    await world.next("hibob", Buffer.concat([first, answer(200, [], "ok")]));
    const got = await world.proxy("GET", "hibob/v1", "/people");
    assert.equal(got.bytes.toString(), "ok");
    assert.deepEqual(got.interims, [[interim, "</a>"]]);
  };
}
cases["takes no 101, which nobody asked for, and no 100 for an answer"] = async (world) => {
  for (const [wire, phase] of [["HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "receive"],
    ["HTTP/1.1 100 Continue\r\n\r\n", "receive"]]) {
    const got = await world.read(Buffer.from(wire));
    assert.equal(got.status, 502, got.text);
    assert.equal(got.json.error.code, null);
    assert.equal(got.json.error.phase, phase);
    assert.equal(got.json.error.sent, "yes");
  }
};
cases["gives HiBob's 200 with a Location"] = async (world) => {
  const got = await world.call("hibob/v1", { method: "GET", path: "/company/reports/31170000/download-async?format=csv" });
  assert.equal(got.json.data.status, 200);
  assert.match(got.json.data.headers.location, /^https:\/\//);
};
cases["gives a status and its reason to the proxy's caller"] = async (world) => {
  await world.next("hibob", answer(418, ["Content-Type: text/plain"], "short and stout"));
  const got = await world.proxy("GET", "hibob/v1", "/people");
  assert.equal(got.status, 418);
  assert.equal(got.bytes.toString(), "short and stout");
};

export default cases;
