import assert from "node:assert/strict";

const asWritten = [
  "/people/a%2Fb", "/people/a%2fb", "/people/a;v=1/b", "/people/a!b~c'(d)*", "/people/@me:x,y&z=$",
  "/people/%C3%A9", "/people?a=1&a=2&b=&c", "/people?q=a+b%20c%2B", "/people?q=%2F/..%3F", "/people?a[]=1&a[]=2",
  "/people?$filter=x%20eq%20'y'", "/people?", "/people/?x=1", "/people?x=1?y=2", "/people//search",
];

const cases = {};
for (const path of asWritten) {
  cases[`sends ${path} as written`] = async (world) => {
    assert.equal((await world.send({ method: "GET", path })).target, `/v1${path}`);
  };
}

const params = {
  "a plus, a space and a percent sign": [{ q: "a+b c%20" }, "q=a%2Bb%20c%2520"],
  "what would end a parameter": [{ "a&b=c": "d#e?f" }, "a%26b%3Dc=d%23e%3Ff"],
  "another alphabet": [{ q: "é名" }, "q=%C3%A9%E5%90%8D"],
  "nothing": [{ q: "" }, "q="],
};
for (const [name, [given, expected]] of Object.entries(params)) {
  cases[`adds params with ${name}`] = async (world) => {
    assert.equal((await world.send({ method: "GET", path: "/people", params: given })).target, `/v1/people?${expected}`);
  };
}
cases["adds params behind the query of the path"] = async (world) => {
  const seen = await world.send({ method: "GET", path: "/people?a=%2F", params: { b: "2", a: "/" } });
  assert.equal(seen.target, "/v1/people?a=%2F&b=2&a=%2F");
};
cases["takes a path without its slash"] = async (world) => {
  assert.equal((await world.send({ method: "GET", path: "people" })).target, "/v1/people");
};
cases["keeps path and query in the proxy"] = async (world) => {
  const got = await world.proxy("GET", "hibob/v1", "/people/a%2Fb;c?x=%2F&x=+&y");
  assert.equal(got.headers["penstock-answer"], "vendor");
  assert.equal((await world.seen("hibob")).target, "/v1/people/a%2Fb;c?x=%2F&x=+&y");
};

export default cases;
