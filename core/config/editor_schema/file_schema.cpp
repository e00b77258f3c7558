#include "config/editor_schema/file_schema.hpp"

namespace penstock::config {

std::string_view file_schema() {
  return R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Penstock: integrations.yaml",
  "type": "object",
  "additionalProperties": false,
  "required": ["server", "plugins"],
  "properties": {
    "server": {
      "description": "The HTTP API",
      "type": "object",
      "additionalProperties": false,
      "required": ["api_keys"],
      "properties": {
        "listen": {
          "description": "HOST:PORT to listen on: an address, or a name, which means all its addresses; port 0 means any free port",
          "type": "string",
          "pattern": "^([A-Za-z0-9_-][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\]):0*([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
          "default": "127.0.0.1:8080"
        },
        "environment_id": {
          "description": "What GET /v1/check-api-key returns",
          "type": "string",
          "default": "default"
        },
        "api_keys": {
          "description": "Who may call; at least one",
          "type": "array",
          "minItems": 1,
          "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "oneOf": [{ "required": ["key"] }, { "required": ["key_sha256"] }],
            "properties": {
              "name": { "description": "Identifies the key in the log; unique", "type": "string" },
              "key": {
                "description": "What callers send as Authorization: Bearer …; or give key_sha256",
                "type": "string",
                "minLength": 1,
                "x-secret": true
              },
              "key_sha256": {
                "description": "SHA-256 of the key in lower-case hex: printf %s KEY | sha256sum",
                "type": "string",
                "pattern": "^[0-9a-f]{64}$"
              },
              "calls_per_second": {
                "description": "Calls beyond this rate fail with 429; 0: no limit",
                "type": "integer",
                "minimum": 0,
                "maximum": 1000000,
                "default": 0
              }
            }
          }
        },
        "allowed_networks": {
          "description": "The addresses from which calls are accepted: networks like 10.0.0.0/8, or single addresses; none: every address",
          "type": "array",
          "items": {
            "type": "string",
            "pattern": "^(((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/0*([12]?[0-9]|3[0-2]))?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/0*([1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$"
          }
        },
        "max_request_bytes": {
          "description": "Maximum size of a call's body",
          "type": "integer",
          "minimum": 1,
          "maximum": 1099511627776,
          "default": 33554432
        },
        "threads": {
          "description": "Event loops that serve calls, one thread each; 0: one per core",
          "type": "integer",
          "minimum": 0,
          "maximum": 256,
          "default": 0
        }
      }
    },
    "plugins": {
      "description": "The plugins, one for each vendor API",
      "type": "object",
      "additionalProperties": false,
      "required": ["directory"],
      "properties": {
        "directory": {
          "description": "Every *.so in it is loaded as a plugin; relative to this file",
          "type": "string",
          "minLength": 1
        },
        "pins": {
          "description": "Plugin name (of its file, without .so) to the SHA-256 of its file; if there are pins, plugins without one are not loaded",
          "type": "object",
          "additionalProperties": { "type": "string", "pattern": "^[0-9a-f]{64}$" }
        }
      }
    },
    "state": {
      "description": "Where sessions and replaced credentials are stored: a folder, relative to this file, or a postgresql:// URL",
      "type": "string",
      "pattern": "^(postgres(ql)?://|(?!.*://|(host|hostaddr|port|dbname|user|password|service)\\s*=))",
      "default": "state"
    },
    "upstream": { "$ref": "#/definitions/upstream" },
    "integrations": {
      "description": "The connected customers; each entry belongs to one tool",
      "type": "array",
      "items": { "$ref": "#/definitions/integration" }
    }
  },
  "definitions": {
    "upstream": {
      "description": "How to connect to vendors; values of an integration take precedence",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "connect_timeout_ms": {
          "description": "Limit for TCP and TLS",
          "type": "integer",
          "minimum": 1,
          "maximum": 3600000,
          "default": 5000
        },
        "timeout_ms": {
          "description": "Limit for the whole call; some APIs have a longer default",
          "type": "integer",
          "minimum": 1,
          "maximum": 3600000,
          "default": 60000
        },
        "max_response_bytes": {
          "description": "Maximum size of a response, after decoding",
          "type": "integer",
          "minimum": 1,
          "maximum": 1099511627776,
          "default": 33554432
        },
        "max_connections": {
          "description": "Connections of one integration to one host, divided among the threads; a call that finds none free waits for connect_timeout_ms at most",
          "type": "integer",
          "minimum": 1,
          "maximum": 65535,
          "default": 256
        },
        "max_queued_calls": {
          "description": "Calls that may wait for a connection; further calls fail with 429",
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000,
          "default": 1024
        },
        "connect_to": {
          "description": "HOST:PORT to connect to instead of the vendor's: URL, Host, SNI and certificate check remain the vendor's",
          "type": "string",
          "pattern": "^([A-Za-z0-9_-][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\]):0*([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"
        },
        "ca_file": {
          "description": "Authorities (PEM) to trust instead of the system's; relative to this file",
          "type": "string",
          "minLength": 1
        },
        "extra_ca_file": {
          "description": "Authorities (PEM) to trust in addition to the system's, or to those of ca_file; relative to this file",
          "type": "string",
          "minLength": 1
        },
        "allow_private_addresses": {
          "description": "Allows vendors' names to resolve to private and loopback addresses",
          "type": "boolean",
          "default": false
        }
      }
    },
    "integration": {
      "type": "object",
      "additionalProperties": false,
      "required": ["id", "tool"],
      "properties": {
        "id": {
          "description": "What callers send as X-Integration-Id, like workday:acme",
          "type": "string",
          "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
        },
        "tool": {
          "description": "The first part of {tool}/{api}; see penstock apis",
          "type": "string"
        },
        "enabled": {
          "description": "false: calls are refused",
          "type": "boolean",
          "default": true
        },
        "connection": {
          "description": "The customer's credentials; penstock apis TOOL/API shows which fields an API needs",
          "type": "object"
        },
        "upstream": { "$ref": "#/definitions/upstream" },
        "max_in_flight": {
          "description": "Concurrent calls; further calls fail with 429",
          "type": "integer",
          "minimum": 1,
          "maximum": 1000000,
          "default": 30
        }
      }
    }
  }
}
)json";
}

}  // namespace penstock::config
