// A client as a user writes it: all its types come from the document.
import createClient from "openapi-fetch";

import type { components, paths } from "./penstock.js";

export type PenstockError = components["schemas"]["Error"]["error"];

export function connect(baseUrl: string, key: string) {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
}

type Client = ReturnType<typeof connect>;

/** REST; `version` may be left out as it has a default. */
export function workers(client: Client, integration: string, limit: number) {
  return client.POST("/v1/passthrough/workday/rest", {
    params: { header: { "X-Integration-Id": integration } },
    body: { method: "GET", path: "/workers", params: { limit: String(limit) }, api_options: { service_name: "staffing" } },
  });
}

/** SOAP. */
export function soapWorkers(client: Client, integration: string) {
  return client.POST("/v1/passthrough/workday/soap", {
    params: { header: { "X-Integration-Id": integration } },
    body: { method: "POST", path: "/", api_options: { service_name: "Human_Resources" }, data: "<wd:Get_Workers_Request/>" },
  });
}

/** An API without options, and what its error looks like. */
export async function whyNot(client: Client, integration: string): Promise<PenstockError | undefined> {
  const { data, error } = await client.POST("/v1/passthrough/hibob/v1", {
    params: { header: { "X-Integration-Id": integration, Prefer: "respect-rate-limit" } },
    body: { method: "POST", path: "/people/search", data: { fields: ["root.id"] } },
  });
  if (data !== undefined) return undefined;
  const code: "PLATFORM.INTEGRATION_NOT_FOUND" | PenstockError["code"] = error.error.code;
  const phase: "route" | "validate" | "authorize" | "session" | "connect" | "send" | "receive" = error.error.phase;
  return { ...error.error, code, phase };
}

export async function preview(client: Client, integration: string): Promise<string | undefined> {
  const { data } = await client.POST("/v1/validate/workday/rest", {
    params: { header: { "X-Integration-Id": integration } },
    body: { method: "GET", path: "/workers", api_options: { service_name: "staffing", version: "v6" } },
  });
  return data?.data.request.url;
}

export async function health(client: Client, id: string) {
  const { data } = await client.GET("/v1/integrations/{id}", { params: { path: { id } } });
  return data?.data.health;
}
