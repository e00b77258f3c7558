import assert from "node:assert/strict";

import { answer } from "../world.mjs";

const documents = {
  "an integer beyond 2^53": '{"id":9007199254740993}',
  "an integer of 40 digits": '{"id":1234567890123456789012345678901234567890}',
  "a number that no double holds": '[1e400,-1e-400,0.1000000000000000055511151231257827]',
  "numbers written oddly": "[1.0,1.50,1E+2,-0,-0.0,1e0]",
  "a key twice": '{"a":1,"a":2,"A":3}',
  "keys out of order and empty": '{"z":1,"":2,"a":3}',
  "escapes that could be shorter": String.raw`{"\u0061":"\u00e9\/\t\u2028","b":"\ud83d\ude00"}`,
  "half a surrogate pair": String.raw`["\ud83d","\udc00"]`,
  "an escaped NUL": String.raw`["a\u0000b"]`,
  "white space and line ends": '{\r\n\t"a" :\n [ 1 , 2 ] \n}',
  "text beyond ASCII": '{"名前":"Zoë 🙂","עברית":"שלום"}',
  "nested deeply": "[".repeat(60) + "]".repeat(60),
  "nothing in it": "{}",
};
const scalars = { "a string": '"text"', "a number": "12.50", "true": "true", "null": "null" };

const cases = {};
for (const [name, text] of Object.entries(documents)) {
  cases[`sends ${name}`] = async (world) => {
    const seen = await world.send(`{"method":"POST","path":"/people/search","data":${text}}`);
    assert.equal(seen.body.toString(), text);
    assert.match(seen.header("content-type"), /^application\/json/);
  };
}
for (const [name, text] of Object.entries({ ...documents, ...scalars })) {
  cases[`gives ${name}`] = async (world) => {
    const got = await world.read(answer(200, ["Content-Type: application/json"], text));
    assert.equal(got.dataText, text);
  };
}

for (const type of ["application/problem+json", "application/vnd.api+json; charset=utf-8", "Application/JSON",
  "text/json", "application/hal+JSON"]) {
  cases[`gives ${type} as JSON`] = async (world) => {
    const got = await world.read(answer(200, [`Content-Type: ${type}`], '{"a":1.0}'));
    assert.equal(got.dataText, '{"a":1.0}');
  };
}

const invalid = {
  "invalid JSON": "{'a':1}", "JSON with a trailing comma": "[1,]", "two documents": "{} {}", "NaN": "NaN",
  "JSON cut short": '{"a":', "a number with a leading zero": "[01]",
};
for (const [name, text] of Object.entries(invalid)) {
  cases[`gives ${name} as a string`] = async (world) => {
    const got = await world.read(answer(200, ["Content-Type: application/json"], text));
    assert.equal(got.data, text);
    assert.ok(got.json.warnings.length > 0, "nobody is told that it is not JSON");
  };
}

cases["gives JSON that does not say so as a string"] = async (world) => {
  assert.equal((await world.read(answer(200, ["Content-Type: text/plain"], '{"a":1}'))).data, '{"a":1}');
};
cases["gives JSON with a byte order mark whole"] = async (world) => {
  const got = await world.read(answer(200, ["Content-Type: application/json"], '\ufeff{"a":1.0}'));
  // With its mark it is no JSON (RFC 8259 section 8.1), and without it not the vendor's bytes: all of it, as text.
  assert.equal(got.json.data.data, '\ufeff{"a":1.0}');
  assert.match(got.json.warnings[0].message, /byte order mark/);
};
cases["sends a string as it is"] = async (world) => {
  const text = '<a b="c">\u00e9\r\n</a>';
  const seen = await world.send({ method: "POST", path: "/x", headers: { "Content-Type": "application/xml" }, data: text });
  assert.equal(seen.body.toString(), text);
  assert.equal(seen.header("content-type"), "application/xml");
};
cases["sends a form as it is"] = async (world) => {
  const type = "application/x-www-form-urlencoded";
  const seen = await world.send({ method: "POST", path: "/x", headers: { "Content-Type": type }, data: "a=1&b=%20+&a=2" });
  assert.equal(seen.body.toString(), "a=1&b=%20+&a=2");
  assert.equal(seen.header("content-type"), type);
};

export default cases;
