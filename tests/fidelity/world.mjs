// What a case works with: an engine that is called, a sandbox vendor that answers with the bytes it is told to.
import http from "node:http";
import https from "node:https";

const control = "sandbox.penstock.test";

function exchange(module, options, body) {
  return new Promise((done, fail) => {
    const interims = [];
    const request = module.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => done({
        status: response.statusCode,
        headers: response.headers,
        rawHeaders: pairs(response.rawHeaders),
        trailers: response.trailers,
        interims,
        bytes: Buffer.concat(chunks),
      }));
    });
    request.on("information", ({ statusCode, headers }) => interims.push([statusCode, headers.link]));
    request.on("error", fail);
    request.end(body);
  });
}

function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i].toLowerCase(), flat[2 * i + 1]]);
}

/** The end of the JSON value that begins at `at`. */
function endOfValue(text, at) {
  if (text[at] === '"') {
    for (let i = at + 1; ; ++i) {
      if (text[i] === "\\") ++i;
      else if (text[i] === '"') return i + 1;
    }
  }
  let depth = 0;
  for (let i = at; i < text.length; ++i) {
    if (text[i] === '"') i = endOfValue(text, i) - 1;
    else if ("{[".includes(text[i])) ++depth;
    else if ("}],".includes(text[i]) && depth === 0) return i;
    else if ("}]".includes(text[i]) && --depth === 0) return i + 1;
  }
  return text.length;
}

/** The text of a member of a JSON object, as it is written: no parser of JSON has touched it. */
export function textOfMember(text, name) {
  let i = text.indexOf("{") + 1;
  while (i > 0 && text[i] !== "}") {
    while (" \n\r\t,".includes(text[i])) ++i;
    const end = endOfValue(text, i);
    const key = JSON.parse(text.slice(i, end));
    i = end;
    while (" \n\r\t:".includes(text[i])) ++i;
    const valueEnd = endOfValue(text, i);
    if (key === name) return text.slice(i, valueEnd);
    i = valueEnd;
  }
  return undefined;
}

/** A vendor's answer on the wire. */
export function answer(status, headers, body = "", { framing = "length" } = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const lines = [`HTTP/1.1 ${status} Some Reason`, ...headers];
  if (framing === "length") lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

export class World {
  constructor({ engine, key, sandbox }) {
    this.engine = new URL(engine);
    this.key = key;
    [this.sandboxHost, this.sandboxPort] = sandbox.split(":");
    this.agent = new http.Agent({ keepAlive: true });
    this.sandboxAgent = new https.Agent({ keepAlive: true });
  }

  close() {
    this.agent.destroy();
    this.sandboxAgent.destroy();
  }

  /** POST /passthrough/{api}; `envelope` is an object, or the very text to send. */
  async call(api, envelope, headers = {}) {
    const got = await exchange(http, {
      agent: this.agent, host: this.engine.hostname, port: this.engine.port, method: "POST",
      path: `${this.engine.pathname}/passthrough/${api}`,
      headers: { Authorization: `Bearer ${this.key}`, "X-Integration-Id": `${api.split("/")[0]}:acme`,
        "Content-Type": "application/json", ...headers },
    }, typeof envelope === "string" ? envelope : JSON.stringify(envelope));
    const text = got.bytes.toString("utf8");
    const json = JSON.parse(text);  // an envelope is valid JSON, whatever the vendor sent
    return { ...got, text, json, ...json.data,
      dataText: json.data && textOfMember(textOfMember(text, "data"), "data") };
  }

  /** The transparent proxy; `path` goes out as it is written. */
  proxy(method, api, path, { body, headers = {} } = {}) {
    return exchange(http, {
      agent: this.agent, host: this.engine.hostname, port: this.engine.port, method,
      path: `${this.engine.pathname}/proxy/${api}${path}`,
      headers: { Authorization: `Bearer ${this.key}`, "X-Integration-Id": `${api.split("/")[0]}:acme`, ...headers },
    }, body);
  }

  sandbox(method, path, body) {
    return exchange(https, {
      agent: this.sandboxAgent, host: this.sandboxHost, port: this.sandboxPort, servername: control, method, path,
      headers: { Host: control },
      rejectUnauthorized: false,  // its authority is its own, and only made-up data goes there
    }, body);
  }

  /** The vendor's next answer. */
  async next(vendor, bytes) {
    const { status, bytes: said } = await this.sandbox("POST", "/control",
      JSON.stringify({ vendor, next_raw_base64: bytes.toString("base64") }));
    if (status !== 200) throw new Error(`the sandbox refuses: ${said}`);
  }

  /** The vendor's last request as it came. */
  async seen(vendor) {
    const { last } = JSON.parse((await this.sandbox("GET", "/ledger")).bytes)[vendor];
    const body = Buffer.from(last.body_base64, "base64");
    const all = (name) => last.headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
    return { ...last, body, all, header: (name) => all(name)[0] };
  }

  /** How many calls the vendor has had. */
  async calls(vendor) {
    return JSON.parse((await this.sandbox("GET", "/ledger")).bytes)[vendor].calls;
  }

  /** What becomes of an answer of HiBob's. */
  async read(bytes, envelope = {}) {
    await this.next("hibob", bytes);
    return this.call("hibob/v1", { method: "GET", path: "/people", ...envelope });
  }

  /** What HiBob gets of a call. */
  async send(envelope) {
    await this.next("hibob", answer(200, ["Content-Type: application/json"], "{}"));
    const got = await this.call("hibob/v1", envelope);
    if (got.json.status !== "success") throw new Error(got.text);
    return this.seen("hibob");
  }
}
