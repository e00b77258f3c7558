#include "openapi/shared_components.hpp"

namespace penstock::server::openapi {

const std::string_view response_schemas = R"json({
  "Problem": {
    "type": "object",
    "description": "One thing that is wrong, and where",
    "required": ["pointer", "message"],
    "properties": {
      "pointer": {"type": "string", "description": "RFC 6901 JSON Pointer into the request's body"},
      "message": {"type": "string"},
      "rule": {"type": "string", "description": "The violated keyword of JSON Schema", "examples": ["required"]},
      "given": {"description": "The type of the value there", "enum": ["null", "boolean", "number", "string", "array", "object"]},
      "suggestion": {"type": "string", "description": "The name or value that was probably meant"}
    }
  },
  "Warnings": {
    "type": "array",
    "items": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}
  },
  "Headers": {
    "type": "object",
    "description": "Names in lower case; an array where the vendor sent one more than once",
    "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
  },
  "PassthroughAnswer": {
    "type": "object",
    "required": ["status", "data", "warnings"],
    "properties": {
      "status": {"type": "string", "const": "success"},
      "data": {
        "type": "object",
        "description": "The vendor's response, whatever its status: a 404, 500 or SOAP fault is a response, too",
        "required": ["url", "status", "headers"],
        "properties": {
          "url": {"type": "string", "description": "The URL of the call, secrets redacted"},
          "status": {"type": "integer", "minimum": 200, "maximum": 599, "description": "The vendor's"},
          "headers": {"$ref": "#/components/schemas/Headers"},
          "data": {"description": "The vendor's JSON byte for byte if its body is valid JSON and declared as JSON, otherwise a string; base64 if response_as_base64; absent if the body is empty"}
        }
      },
      "warnings": {"$ref": "#/components/schemas/Warnings"}
    }
  },
  "ValidateAnswer": {
    "type": "object",
    "required": ["status", "data", "warnings"],
    "properties": {
      "status": {"type": "string", "const": "success"},
      "data": {
        "type": "object",
        "required": ["valid", "request"],
        "properties": {
          "valid": {"type": "boolean", "const": true},
          "request": {
            "type": "object",
            "description": "The request that would be sent, secrets redacted",
            "required": ["method", "url", "headers", "body"],
            "properties": {
              "method": {"type": "string"},
              "url": {"type": "string"},
              "headers": {"$ref": "#/components/schemas/Headers"},
              "body": {"type": "string"}
            }
          },
          "session": {
            "type": "object",
            "description": "With Prefer: session: whether the API needs a session; if so, the engine has obtained it",
            "required": ["needed"],
            "properties": {
              "needed": {"type": "boolean"},
              "had": {"type": "boolean", "const": true},
              "expires": {"type": "string", "format": "date-time"}
            }
          }
        }
      },
      "warnings": {"$ref": "#/components/schemas/Warnings"}
    }
  }
})json";

const std::string_view request_schemas = R"json({
  "FormPart": {
    "type": "object",
    "required": ["name", "value"],
    "properties": {
      "name": {"type": "string"},
      "value": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/FormFile"}]},
      "content_type": {"type": "string", "description": "For a value that is a string: the part's Content-Type; none by default", "examples": ["application/json"]}
    }
  },
  "FormFile": {
    "type": "object",
    "description": "A file: either its bytes in data, or the URL to fetch them from in data_url",
    "required": ["name"],
    "properties": {
      "name": {"type": "string", "description": "The file's name"},
      "content_type": {"type": "string", "examples": ["application/pdf"]},
      "data": {"type": "string", "contentEncoding": "base64"},
      "data_url": {"type": "string", "format": "uri", "description": "https only, public addresses only; fetched without credentials"}
    }
  }
})json";

const std::string_view catalogue_schemas = R"json({
  "Api": {
    "type": "object",
    "description": "A vendor API, called as {tool}/{api}",
    "required": ["tool", "api", "title", "docs_url", "base_urls", "methods", "soap", "api_options", "connection", "required_fields", "required_when", "examples", "plugin"],
    "properties": {
      "tool": {"type": "string"},
      "api": {"type": "string"},
      "title": {"type": "string"},
      "docs_url": {"type": "string"},
      "base_urls": {"type": "array", "items": {"type": "string"}},
      "methods": {"type": "array", "items": {"type": "string"}},
      "soap": {"type": "boolean"},
      "api_options": {"type": "object", "additionalProperties": true, "description": "JSON Schema"},
      "connection": {"type": "object", "additionalProperties": true, "description": "JSON Schema of an integration's connection"},
      "required_fields": {"type": "array", "items": {"type": "string"}, "description": "Connection fields that this API requires"},
      "required_when": {
        "type": "array",
        "description": "Fields that are required if another field has a certain value",
        "items": {
          "type": "object",
          "required": ["field", "equals", "fields"],
          "properties": {
            "field": {"type": "string"},
            "equals": {"type": "string"},
            "fields": {"type": "array", "items": {"type": "string"}}
          }
        }
      },
      "verify": {"type": "object", "additionalProperties": true, "description": "The inexpensive call that shows whether a connection works"},
      "examples": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["title", "request"],
          "properties": {
            "title": {"type": "string"},
            "request": {"type": "object", "additionalProperties": true, "description": "The body to post"},
            "curl": {"type": "string", "description": "The same call as a shell command"},
            "cli": {"type": "string", "description": "The same call for the command line of Penstock"},
            "typescript": {"type": "string", "description": "The same call for Kombo's SDK"}
          }
        }
      },
      "plugin": {"type": "string"}
    }
  },
  "Integration": {
    "type": "object",
    "description": "One connected customer of one tool; never a secret",
    "required": ["id", "tool", "enabled", "apis", "health"],
    "properties": {
      "id": {"type": "string", "description": "The value of X-Integration-Id"},
      "tool": {"type": "string"},
      "enabled": {"type": "boolean"},
      "apis": {"type": "array", "items": {"type": "string"}, "description": "The APIs that the connection has all required fields for"},
      "health": {"type": "string", "enum": ["ok", "expiring", "cooling_down", "unreachable", "refused", "needs_credentials", "disabled"]},
      "cooling_down_until": {"type": "string", "format": "date-time"},
      "last_renewal": {"type": "string", "format": "date-time"},
      "session_expires": {"type": "string", "format": "date-time"},
      "last_error": {
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"type": "string"}, "at": {"type": "string", "format": "date-time"}}
      }
    }
  },
  "Verification": {
    "type": "object",
    "required": ["works", "checks"],
    "properties": {
      "works": {"type": ["boolean", "null"], "description": "null: nothing was tried, as `message` says"},
      "message": {"type": "string"},
      "checks": {
        "type": "array",
        "items": {
          "type": "object",
          "required": ["api", "works", "message"],
          "properties": {
            "api": {"type": "string", "examples": ["workday/rest"]},
            "works": {"type": "boolean"},
            "outcome": {"type": "string", "enum": ["works", "refused", "unreachable", "failed"]},
            "message": {"type": "string"},
            "status": {"type": "integer", "description": "The vendor's status; absent if it was not reached"}
          }
        }
      }
    }
  },
  "Environment": {
    "type": "object",
    "required": ["environment_id"],
    "properties": {"environment_id": {"type": "string"}}
  },
  "Alive": {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"type": "string", "const": "ok"}}
  }
})json";

const std::string_view answer_responses = R"json({
  "PassthroughAnswer": {
    "description": "The vendor responded",
    "headers": {
      "X-Request-Id": {"$ref": "#/components/headers/RequestId"},
      "Concurrency-Limit": {"$ref": "#/components/headers/ConcurrencyLimit"},
      "Concurrency-Remaining": {"$ref": "#/components/headers/ConcurrencyRemaining"}
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PassthroughAnswer"}}}
  },
  "ValidateAnswer": {
    "description": "The call is valid; nothing was sent",
    "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ValidateAnswer"}}}
  }
})json";

const std::string_view shared_parameters = R"json({
  "IntegrationId": {
    "name": "X-Integration-Id",
    "in": "header",
    "required": true,
    "description": "The integration to call through: GET /v1/integrations lists them",
    "schema": {"type": "string", "minLength": 1},
    "example": "workday:acme"
  },
  "Prefer": {
    "name": "Prefer",
    "in": "header",
    "description": "RFC 7240. respect-rate-limit: if the vendor demanded a pause that is not over, fail at once with 429 instead of sending. session, for a validation: also get the session that the call would need",
    "schema": {"type": "string"},
    "example": "respect-rate-limit"
  },
  "ApiOptions": {
    "name": "X-Api-Options",
    "in": "header",
    "description": "api_options as a form; they can also be in the URL, after the API: {api};service_name=staffing;version=v6",
    "schema": {"type": "string"},
    "example": "service_name=staffing&version=v6"
  }
})json";

const std::string_view shared_headers = R"json({
  "RequestId": {"description": "Identifies the request in the server's log", "schema": {"type": "string"}},
  "RetryAfter": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}},
  "ConcurrencyLimit": {"description": "How many calls the integration may have in flight", "schema": {"type": "integer"}},
  "ConcurrencyRemaining": {"description": "How many more it may start", "schema": {"type": "integer"}},
  "WWWAuthenticate": {"description": "Bearer", "schema": {"type": "string"}},
  "Allow": {"description": "The methods of the path", "schema": {"type": "string"}},
  "Answer": {"description": "vendor: the response is the vendor's; engine: it is an error of the engine", "schema": {"type": "string", "enum": ["vendor", "engine"]}}
})json";

const std::string_view security_schemes = R"json({
  "api_key": {"type": "http", "scheme": "bearer", "description": "One of server.api_keys"}
})json";

}  // namespace penstock::server::openapi
