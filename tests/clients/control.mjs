// The sandbox's control, and calls of an engine, for tests that break things.
import https from "node:https";

const control = "sandbox.penstock.test";

export function sandbox(stage, method, path, body) {
  const [host, port] = stage.vendors.split(":");
  return new Promise((done, fail) => {
    const request = https.request({ host, port, servername: control, method, path, headers: { Host: control }, agent: false,
      rejectUnauthorized: false }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => done(JSON.parse(text)));
    });
    request.on("error", fail);
    request.end(body && JSON.stringify(body));
  });
}

export const order = (stage, what) => sandbox(stage, "POST", "/control", { vendor: "workday", ...what });
export const tokenRequests = async (stage) => (await sandbox(stage, "GET", "/ledger")).workday.token_requests;

/** A Workday call, which needs a session; `undefined` where the engine went away. */
export async function callWorkday(base, options = {}) {
  try {
    const answer = await fetch(`${base}/passthrough/workday/rest`, { method: "POST", ...options, headers: {
      Authorization: "Bearer dev-key", "X-Integration-Id": "workday:acme", "Content-Type": "application/json", ...options.headers },
      body: JSON.stringify({ method: "GET", path: "/workers", api_options: { service_name: "staffing", version: "v6" } }) });
    return { http: answer.status, ...await answer.json() };
  } catch {
    return undefined;
  }
}
