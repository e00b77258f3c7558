// yaml-language-server as an editor starts it, spoken to over stdio.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const here = new URL(".", import.meta.url).pathname;

export class LanguageServer {
  #child;
  #input = Buffer.alloc(0);
  #asked = new Map();
  #diagnostics = new Map(); // uri → who waits
  #next = 1;

  static async start() {
    const server = new LanguageServer();
    await server.#ask("initialize", { processId: process.pid, rootUri: null, capabilities: {
      textDocument: { publishDiagnostics: {}, completion: { completionItem: { snippetSupport: true } }, hover: { contentFormat: ["plaintext"] } },
      workspace: { configuration: true } } });
    server.#tell("initialized", {});
    return server;
  }

  constructor() {
    this.#child = spawn(process.execPath, [join(here, "node_modules/yaml-language-server/bin/yaml-language-server"), "--stdio"],
      { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.on("data", (chunk) => this.#read(chunk));
  }

  /** What the server says of a text that an editor has opened under this path: [{line (from 1), message}]. */
  async diagnose(path, text) {
    const uri = this.#open(path);
    const told = new Promise((done) => this.#diagnostics.set(uri, done));
    this.#tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text } });
    const diagnostics = await told;
    return diagnostics.map(({ range, message }) => ({ line: range.start.line + 1, message }));
  }

  /** The labels that are offered where `|` stands in the text. */
  async complete(path, text) {
    return this.#at(path, text, "textDocument/completion", (answer) => (answer.items ?? answer).map(({ label }) => label));
  }

  async hover(path, text) {
    return this.#at(path, text, "textDocument/hover", (answer) => answer?.contents?.value ?? "");
  }

  async #at(path, text, method, read) {
    const uri = this.#open(path);
    const before = text.slice(0, text.indexOf("|"));
    const position = { line: before.split("\n").length - 1, character: before.length - before.lastIndexOf("\n") - 1 };
    this.#tell("textDocument/didOpen", { textDocument: { uri, languageId: "yaml", version: 1, text: text.replace("|", "") } });
    return read(await this.#ask(method, { textDocument: { uri }, position }));
  }

  async stop() {
    const gone = new Promise((done) => this.#child.once("exit", done));
    await this.#ask("shutdown", null);
    this.#tell("exit", null);
    await gone;
  }

  /** A file's neighbour that was not open before: what is told of it is told of this text. */
  #open(path) {
    return pathToFileURL(join(dirname(path), `${this.#next++}.yaml`)).href;
  }

  #send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    this.#child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#child.stdin.write(body);
  }

  #tell(method, params) {
    this.#send({ method, params });
  }

  #ask(method, params) {
    const id = this.#next++;
    this.#send({ id, method, params });
    return new Promise((done, fail) => this.#asked.set(id, { done, fail }));
  }

  #read(chunk) {
    this.#input = Buffer.concat([this.#input, chunk]);
    for (;;) {
      const end = this.#input.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(this.#input.subarray(0, end).toString())[1]);
      if (this.#input.length < end + 4 + length) return;
      const message = JSON.parse(this.#input.subarray(end + 4, end + 4 + length).toString());
      this.#input = this.#input.subarray(end + 4 + length);
      this.#hear(message);
    }
  }

  #hear({ id, method, params, result, error }) {
    if (method === "textDocument/publishDiagnostics") {
      const waiting = this.#diagnostics.get(params.uri);
      this.#diagnostics.delete(params.uri);
      waiting?.(params.diagnostics);
    } else if (method === "workspace/configuration") {
      // Nothing is fetched: only the schema that the file names.
      this.#send({ id, result: params.items.map(({ section }) => (section === "yaml"
        ? { schemaStore: { enable: false, url: "" }, validate: true, completion: true, hover: true } : {})) });
    } else if (method !== undefined && id !== undefined) {
      this.#send({ id, result: null });
    } else if (this.#asked.has(id)) {
      const { done, fail } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) fail(new Error(error.message)); else done(result);
    }
  }
}
