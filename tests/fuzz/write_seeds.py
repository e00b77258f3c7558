#!/usr/bin/env python3
"""Seeds for the fuzz targets from the test material in ../shared/testdata: write_seeds.py TESTDATA SEEDS.

Writes into SEEDS/<target>/. Nothing of the material is kept in the repository.
"""
import base64
import gzip
import hashlib
import json
import pathlib
import re
import sys
import zlib

LARGEST = 8192
END_OF_TEXT = b"\x1e"

data, seeds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
counts = {}


def write(target, *texts, lead=b""):
    texts = [text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text for text in texts]
    content = lead + END_OF_TEXT.join(texts)
    if len(content) > LARGEST:
        return
    folder = seeds / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()[:16]).write_bytes(content)
    counts[target] = counts.get(target, 0) + 1


def files(pattern):
    return [path for path in sorted(data.glob(pattern)) if path.is_file()]


def lines(pattern):
    for path in files(pattern):
        for line in path.read_bytes().splitlines():
            if 0 < len(line) <= 500:
                yield line


def crlf(text):
    return re.sub(r"\r?\n", "\r\n", text)


for path in files("JSONTestSuite/test_*/*.json"):
    text = path.read_bytes()
    write("envelope", b'{"method":"POST","path":"/a?b=c","headers":{"Accept":"*/*"},"data":' + text + b"}")
    write("envelope", b"\x32https://a.example/", b"application/json", b"X-A", b"b", b"", text)
    write("token_answer", b'{"access_token":' + text + b',"expires_in":3600}', lead=b"\x00")

for line in [*lines("payloads/Open Redirect/Intruder/*.txt"), *lines("ssrf/*/*.txt"),
             *lines("payloads/Directory Traversal/Intruder/*.txt")]:
    if len(line) < 120 and (b"redirect" in line or hashlib.sha1(line).digest()[0] < 40):
        write("target", b"https://a.example.com/v1", line, b"q", b"x y")
        write("target", line, b"/people", b"a&b", line)
for case in json.loads((data / "url-wpt/tests/wpt/urltestdata.json").read_text()):
    if isinstance(case, dict):
        write("target", case["input"], "/a/b?c", "n", "v")
        write("target", "https://a.example.com/base/", case["input"], "n", "v")

for path in [*files("xml-attacks/defusedxml/**/*.xml"), *files("xml-attacks/libxml2/test/**/*"),
             *files("payloads/XXE Injection/Files/*.xml")]:
    text = path.read_bytes()
    write("xml_fragment", text)
    write("xml_fragment", re.sub(rb"<\?xml.*?\?>", b"", text, flags=re.S))

for path in files("json-schema-test-suite/tests/draft7/**/*.json"):
    for group in json.loads(path.read_text()):
        for test in group["tests"][:2]:
            pattern = group["schema"].get("pattern", "a+") if isinstance(group["schema"], dict) else "a+"
            instance = test["data"] if isinstance(test["data"], str) else "aab"
            write("manifest_schema", "{}", json.dumps(group["schema"]), json.dumps(test["data"]),
                  str(pattern), instance)

for path in files("yaml-test-suite/src/*.yaml"):
    for block in re.findall(r"^  yaml: \|.*?\n((?:    .*\n|\n)+)", path.read_text(), flags=re.M):
        text = re.sub(r"^    ", "", block, flags=re.M)
        for shown, meant in {"␣": " ", "↵": "", "∎\n": "", "⇔": "\ufeff", "←": "\r"}.items():
            text = text.replace(shown, meant)
        write("config", re.sub("—*»", "\t", text))

heads = []
for case in json.loads((data / "http1/gunicorn/cases.json").read_text())["cases"].values():
    heads.append(base64.b64decode(case["raw_b64"]))
for path in files("http1/llhttp/test/**/*.md"):
    for block in re.findall(r"```http\n(.*?)```", path.read_text(), flags=re.S):
        block = block.replace("\\\n", "").replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t")
        heads.append(crlf(block).encode())
for head in heads:
    if head.startswith(b"HTTP/"):
        for flags in (b"\x00", b"\x04", b"\x06"):
            write("http1_reply", head, lead=flags + b"\x05")
    else:
        write("request_head", head, lead=b"\x03")
        write("request_head", re.sub(rb" HTTP/1.0\r\n", b" HTTP/1.1\r\nHost: a\r\n", head), lead=b"\x00")
        request, _, rest = head.partition(b"\r\n")
        fields = [line for line in rest.partition(b"\r\n\r\n")[0].split(b"\r\n") if line]
        write("header_policy", b"POST", b"/a?b=c", *fields, lead=b"\x01")

for line in lines("payloads/CRLF Injection/Files/*.txt"):
    write("header_policy", b"GET", b"/", b"X-A: " + line, lead=b"\x00")
    write("http1_reply", b"HTTP/1.1 200 OK\r\nX-A: " + line + b"\r\nContent-Length: 2\r\n\r\nok", lead=b"\x00\x03")

for message in json.loads((data / "oauth/oauth21_http_examples.json").read_text())["messages"]:
    body = message["message"].partition("\n\n")[2]
    if body.startswith("{"):
        for status in (b"\x00", b"\x06", b"\x08"):
            write("token_answer", body, lead=status)

for text in [b"", b"a", b"penstock " * 200, bytes(range(256)) * 4]:
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    for coded in (gzip.compress(text, mtime=0), zlib.compress(text), raw.compress(text) + raw.flush()):
        write("content_decoder", coded, lead=b"\x0c\x05")
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
        length = b"Content-Length: %d\r\n\r\n" % len(coded)
        write("http1_reply", head + length + coded, lead=b"\x02\x07")
        write("http1_reply", head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(coded) + coded +
              b"\r\n0\r\n\r\n", lead=b"\x02\x01")

print(", ".join(f"{target} {count}" for target, count in sorted(counts.items())))
