#!/usr/bin/env node
// The fidelity suite: what is sent arrives, and what is answered comes back, byte for byte.
//   node tests/fidelity/run.mjs --engine http://127.0.0.1:8080/v1 --key dev-key --sandbox 127.0.0.1:9443 [--only WORD]
// The engine's integration hibob:acme and taleo:acme lead to penstock-sandbox, as in the shipped integrations.yaml.
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";

import { World } from "./world.mjs";

export async function run({ engine, key, sandbox, only = "", print = console.log }) {
  const world = new World({ engine, key, sandbox });
  const counts = { ok: 0, failed: 0 };
  for (const file of readdirSync(new URL("./cases", import.meta.url)).sort()) {
    const { default: cases } = await import(`./cases/${file}`);
    for (const [name, test] of Object.entries(cases)) {
      const title = `${file.replace(".mjs", "")}: ${name}`;
      if (!title.includes(only)) continue;
      try {
        await test(world);
        ++counts.ok;
        print(`ok      ${title}`);
      } catch (error) {
        ++counts.failed;
        print(`FAILED  ${title}\n        ${String(error.message).replaceAll("\n", "\n        ")}`);
      }
    }
  }
  world.close();
  return counts;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({ options: {
    engine: { type: "string" }, key: { type: "string" }, sandbox: { type: "string" }, only: { type: "string" } } });
  if (!values.engine || !values.key || !values.sandbox) {
    console.error("usage: run.mjs --engine URL --key KEY --sandbox HOST:PORT [--only WORD]");
    process.exit(2);
  }
  const { ok, failed } = await run(values);
  console.log(`${ok} of ${ok + failed} cases are as they should be`);
  process.exit(failed === 0 ? 0 : 1);
}
