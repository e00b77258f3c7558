// The suite against this build, with a sandbox and an engine of its own.
import assert from "node:assert/strict";
import { test } from "node:test";

import { open } from "../clients/stage.mjs";
import { run } from "./run.mjs";

test("bytes are sacred", async () => {
  const stage = await open();
  try {
    const lines = [];
    const { ok, failed } = await run({ engine: stage.base, key: "dev-key", sandbox: stage.vendors, print: (line) => lines.push(line) });
    assert.equal(failed, 0, lines.filter((line) => line.startsWith("FAILED")).join("\n"));
    assert.ok(ok > 500, "the table of cases is empty");
    console.log(`${ok} cases`);
  } finally {
    await stage.close();
  }
});
