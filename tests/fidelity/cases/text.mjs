import assert from "node:assert/strict";

import { answer } from "../world.mjs";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

const readable = {
  "UTF-8": ["text/plain; charset=utf-8", Buffer.from("Zoë 名 🙂"), "Zoë 名 🙂"],
  "latin-1": ["text/plain; charset=iso-8859-1", Buffer.from("Zo\u00eb", "latin1"), "Zoë"],
  "latin-1 in quotes": ['text/csv; charset="ISO-8859-1"', Buffer.from("na\u00efve", "latin1"), "naïve"],
  "UTF-16 with a mark": ["text/plain; charset=utf-16", Buffer.from("\ufeffZoë", "utf16le"), "Zoë"],
  "UTF-16LE": ["text/plain; charset=utf-16le", Buffer.from("Zoë", "utf16le"), "Zoë"],
  "an empty line and controls": ["text/plain", Buffer.from("a\r\n\r\n\tb\u0001"), "a\r\n\r\n\tb\u0001"],
  "CSV with a byte order mark": ["text/csv", Buffer.from("\ufeffa;b\r\n"), "\ufeffa;b\r\n"],
};

const cases = {};
for (const [name, [type, bytes, text]] of Object.entries(readable)) {
  cases[`gives ${name} as text`] = async (world) => {
    const got = await world.read(answer(200, [`Content-Type: ${type}`], bytes));
    assert.equal(got.json.data.data, text);
  };
}

const unreadable = {
  "every byte": ["application/octet-stream", everyByte],
  "UTF-8 that is cut": ["text/plain; charset=utf-8", Buffer.from("Zoë").subarray(0, 3)],
  "overlong UTF-8": ["text/plain", Buffer.from([0xc0, 0xaf])],
  "a surrogate in UTF-8": ["text/plain", Buffer.from([0xed, 0xa0, 0x80])],
  "a charset that nobody knows": ["text/plain; charset=x-klingon", Buffer.from([0xff, 0x41])],
  "JSON that is not UTF-8": ["application/json", Buffer.from('{"a":"\u00eb"}', "latin1")],
};
for (const [name, [type, bytes]] of Object.entries(unreadable)) {
  cases[`warns of ${name}`] = async (world) => {
    const got = await world.read(answer(200, [`Content-Type: ${type}`], bytes));
    assert.equal(typeof got.json.data.data, "string");
    assert.ok(got.json.warnings?.some(({ message }) => /response_as_base64/.test(message)), got.text);
  };
  cases[`gives ${name} whole as Base64`] = async (world) => {
    const got = await world.read(answer(200, [`Content-Type: ${type}`], bytes), { response_as_base64: true });
    assert.deepEqual(Buffer.from(got.json.data.data, "base64"), bytes);
  };
  cases[`gives ${name} as it is in the proxy`] = async (world) => {
    await world.next("hibob", answer(200, [`Content-Type: ${type}`], bytes));
    assert.deepEqual((await world.proxy("GET", "hibob/v1", "/people")).bytes, bytes);
  };
}
cases["sends every byte in the proxy"] = async (world) => {
  await world.next("hibob", answer(200, [], "ok"));
  await world.proxy("POST", "hibob/v1", "/x", { body: everyByte, headers: { "Content-Type": "application/octet-stream" } });
  assert.deepEqual((await world.seen("hibob")).body, everyByte);
};
cases["gives a body without a type"] = async (world) => {
  assert.equal((await world.read(answer(200, [], "plain"))).json.data.data, "plain");
};

export default cases;
