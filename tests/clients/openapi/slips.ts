// What must not compile: an expectation that finds no error is an error of the compiler's.
import { connect } from "./client.js";

export async function slips(): Promise<void> {
  const client = connect("http://127.0.0.1:1", "key");
  const params = { header: { "X-Integration-Id": "workday:acme" } };

  // @ts-expect-error service_name is required
  await client.POST("/v1/passthrough/workday/rest", { params, body: { method: "GET", path: "/workers", api_options: { version: "v6" } } });
  // @ts-expect-error and so are the options
  await client.POST("/v1/validate/workday/rest", { params, body: { method: "GET", path: "/workers" } });
  // @ts-expect-error there is no such option
  await client.POST("/v1/passthrough/workday/rest", { params, body: { method: "GET", path: "/workers", api_options: { service_name: "staffing", servce: "x" } } });
  // @ts-expect-error this API has no options
  await client.POST("/v1/passthrough/hibob/v1", { params, body: { method: "GET", path: "/people", api_options: { service_name: "staffing" } } });
  // @ts-expect-error reports are only read
  await client.POST("/v1/passthrough/workday/custom-report", { params, body: { method: "POST", path: "/a/b" } });
  // @ts-expect-error SOAP takes a string
  await client.POST("/v1/passthrough/workday/soap", { params, body: { method: "POST", path: "/", api_options: { service_name: "Staffing" }, data: { a: 1 } } });
  // @ts-expect-error a call goes through an integration
  await client.POST("/v1/passthrough/hibob/v1", { body: { method: "GET", path: "/people" } });
  // @ts-expect-error there is no such API
  await client.POST("/v1/passthrough/workday/rst", { params, body: { method: "GET", path: "/workers" } });

  const { error } = await client.GET("/v1/apis");
  // @ts-expect-error there is no such code
  if (error?.error.code === "PLATFORM.NO_SUCH_CODE") throw new Error(error.error.message);
}
