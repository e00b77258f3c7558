import assert from "node:assert/strict";

import { answer } from "../world.mjs";

const upload = "/docs/people/3332883884017713000/shared/upload";
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

/** The parts of a multipart body, split by hand: name, file name and content as bytes. */
function parts(seen) {
  const boundary = /boundary="?([^";]+)/.exec(seen.header("content-type"))[1];
  const text = seen.body.toString("latin1");
  return text.split(`--${boundary}`).slice(1, -1).map((part) => {
    const end = part.indexOf("\r\n\r\n");
    return { head: Buffer.from(part.slice(2, end), "latin1").toString("utf8"),
      content: Buffer.from(part.slice(end + 4, -2), "latin1") };
  });
}

const fileNames = ["cv.pdf", "Lebenslauf Zoë.pdf", "履歴書.pdf", "سيرة ذاتية.pdf", "a;b=c.pdf", 'say "cheese".pdf', "100%.pdf", "😀.pdf", "back\\slash.pdf"];

const cases = {};
for (const fileName of fileNames) {
  cases[`uploads a file named ${fileName}`] = async (world) => {
    const got = await world.call("hibob/v1", { method: "POST", path: upload, multipart_form_data: [
      { name: "tags", value: "a" },
      { name: "file", value: { name: fileName, content_type: "application/pdf", data: everyByte.toString("base64") } },
    ] });
    assert.equal(got.json.data?.status, 200, got.text);
    const [tags, file] = parts(await world.seen("hibob"));
    assert.equal(tags.content.toString(), "a");
    assert.deepEqual(file.content, everyByte);
    // As browsers write it (HTML standard, "multipart/form-data encoding algorithm").
    const written = fileName.replaceAll('"', "%22");
    assert.ok(file.head.includes(`filename="${written}"`), file.head);
    assert.match(file.head, /Content-Type: application\/pdf/i);
  };
}
cases["refuses a file name that would end its line"] = async (world) => {
  const got = await world.call("hibob/v1", { method: "POST", path: upload, multipart_form_data: [
    { name: "file", value: { name: "a\r\nX-Evil: 1", data: "YQ==" } }] });
  if (got.json.status === "success")
    assert.ok(!parts(await world.seen("hibob"))[0].head.includes("\r\nX-Evil"));
  else assert.equal(got.json.error.code, "PLATFORM.INPUT_INVALID");
};
cases["refuses names with control characters"] = async (world) => {
  for (const [name, fileName, pointer] of [["a\u0000", "x", "/multipart_form_data/0/name"],
    ["file", "cv.exe\u0000.pdf", "/multipart_form_data/0/value/name"], ["file", "\u001b[2J", "/multipart_form_data/0/value/name"]]) {
    const got = await world.call("hibob/v1", { method: "POST", path: upload, multipart_form_data: [
      { name, value: { name: fileName, data: "YQ==" } }] });
    assert.equal(got.status, 400, got.text);
    assert.equal(got.json.error.details[0].pointer, pointer);
  }
};
cases["sends a file's type as octet-stream where none is given"] = async (world) => {
  await world.call("hibob/v1", { method: "POST", path: upload, multipart_form_data: [{ name: "file", value: { name: "x", data: "YQ==" } }] });
  assert.match(parts(await world.seen("hibob"))[0].head, /Content-Type: application\/octet-stream/i);
};

// What a caller could make the engine visit in its own name. A fetch that succeeds needs a store of the caller's: DataUrl.*
// of tests/engine has one.
const elsewhere = ["http://example.com/cv.pdf", "file:///etc/passwd", "ftp://example.com/cv.pdf", "https://127.0.0.1/cv.pdf",
  "https://localhost/cv.pdf", "https://[::1]/cv.pdf", "https://[::ffff:127.0.0.1]/cv.pdf", "https://2130706433/cv.pdf",
  "https://0x7f.1/cv.pdf", "https://10.0.0.1/cv.pdf", "https://169.254.169.254/latest/meta-data/", "https://localhost:9443/people",
  "https://user:secret@example.com/cv.pdf", "//example.com/cv.pdf", "cv.pdf"];
for (const url of elsewhere) {
  cases[`fetches no data_url of ${url}`] = async (world) => {
    const before = await world.calls("hibob");
    const got = await world.call("hibob/v1", { method: "POST", path: upload, multipart_form_data: [
      { name: "file", value: { name: "cv.pdf", data_url: url } }] });
    assert.equal(got.json.status, "error", got.text);
    assert.equal(got.json.error.sent, "no");
    assert.equal(got.json.error.details[0].pointer, "/multipart_form_data/0/value/data_url");
    assert.ok(!got.text.includes("user:secret"));
    assert.equal(await world.calls("hibob"), before, "the vendor was called all the same");
  };
}

const related = ["--b_1", 'Content-Type: application/xop+xml; charset=utf-8; type="text/xml"', "Content-ID: <root>", "",
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a><xop:Include href="cid:1"/></a></s:Body></s:Envelope>',
  "--b_1", "Content-Type: text/csv", "Content-ID: <1>", "", "id;name\r\n1;Zoë", "--b_1--", ""].join("\r\n");
const relatedType = 'Content-Type: multipart/related; type="application/xop+xml"; start="<root>"; boundary=b_1';
cases["gives a Taleo-like multipart/related answer whole"] = async (world) => {
  await world.next("taleo", answer(200, [relatedType], related));
  const got = await world.call("taleo/soap", { method: "POST", path: "/",
    data: '<ns1:findPartialEntities xmlns:ns1="http://www.taleo.com/ws/tee800/2009/01/find"/>' });
  assert.equal(got.json.data?.data, related, got.text);
  assert.equal(got.json.data.headers["content-type"], relatedType.slice(14));
};
cases["gives a multipart answer with binary parts whole as Base64, and in the proxy"] = async (world) => {
  const body = Buffer.concat([Buffer.from("--x\r\n\r\n"), everyByte, Buffer.from("\r\n--x--\r\n")]);
  const wire = answer(200, ["Content-Type: multipart/mixed; boundary=x"], body);
  const got = await world.read(wire, { response_as_base64: true });
  assert.deepEqual(Buffer.from(got.json.data.data, "base64"), body);
  await world.next("hibob", wire);
  assert.deepEqual((await world.proxy("GET", "hibob/v1", "/people")).bytes, body);
};
cases["sends a multipart body as it is in the proxy"] = async (world) => {
  await world.next("hibob", answer(200, [], "ok"));
  const body = Buffer.concat([Buffer.from('--q\r\nContent-Disposition: form-data; name="f"\r\n\r\n'), everyByte, Buffer.from("\r\n--q--")]);
  await world.proxy("POST", "hibob/v1", upload, { body, headers: { "Content-Type": "multipart/form-data; boundary=q" } });
  const seen = await world.seen("hibob");
  assert.deepEqual(seen.body, body);
  assert.equal(seen.header("content-type"), "multipart/form-data; boundary=q");
};

export default cases;
