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
          "description": "HOST:PORT to listen on: an address, or a name, which stands for all its addresses; port 0 takes a free one",
          "type": "string",
          "pattern": "^([A-Za-z0-9_-][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\]):0*([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
          "default": "127.0.0.1:8080"
        },
        "environment_id": {
          "description": "What GET /v1/check-api-key answers",
          "type": "string",
          "default": "default"
        },
        "api_keys": {
          "description": "Who may call; one at least",
          "type": "array",
          "minItems": 1,
          "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "oneOf": [{ "required": ["key"] }, { "required": ["key_sha256"] }],
            "properties": {
              "name": { "description": "For the log; each key has its own", "type": "string" },
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
                "description": "More are refused with 429; 0: no limit",
                "type": "integer",
                "minimum": 0,
                "maximum": 1000000,
                "default": 0
              }
            }
          }
        },
        "allowed_networks": {
          "description": "From where calls are taken: networks like 10.0.0.0/8, or single addresses; none: from everywhere",
          "type": "array",
          "items": {
            "type": "string",
            "pattern": "^(((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])[.]){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(/0*([12]?[0-9]|3[0-2]))?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/0*([1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$"
          }
        },
        "max_request_bytes": {
          "description": "Largest body of a call",
          "type": "integer",
          "minimum": 1,
          "maximum": 1099511627776,
          "default": 33554432
        },
        "threads": {
          "description": "Loops that serve calls, one thread each; 0: one for each core",
          "type": "integer",
          "minimum": 0,
          "maximum": 256,
          "default": 0
        }
      }
    },
    "plugins": {
      "description": "The integrations' code",
      "type": "object",
      "additionalProperties": false,
      "required": ["directory"],
      "properties": {
        "directory": {
          "description": "Every *.so in it is a plugin; relative to this file",
          "type": "string",
          "minLength": 1
        },
        "pins": {
          "description": "Plugin name (of its file, without .so) to the SHA-256 of its file; where there are pins, no other plugin is loaded",
          "type": "object",
          "additionalProperties": { "type": "string", "pattern": "^[0-9a-f]{64}$" }
        }
      }
    },
    "state": {
      "description": "Where credentials and sessions that change are kept: a folder, relative to this file, or a postgresql:// URL",
      "type": "string",
      "pattern": "^(postgres(ql)?://|(?!.*://|(host|hostaddr|port|dbname|user|password|service)\\s*=))",
      "default": "state"
    },
    "upstream": { "$ref": "#/definitions/upstream" },
    "integrations": {
      "description": "The connected customers, each of one tool",
      "type": "array",
      "items": { "$ref": "#/definitions/integration" }
    }
  },
  "definitions": {
    "upstream": {
      "description": "How vendors are reached; what an integration sets stands before what is set for all",
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "connect_timeout_ms": {
          "description": "For TCP and TLS",
          "type": "integer",
          "minimum": 1,
          "maximum": 3600000,
          "default": 5000
        },
        "timeout_ms": {
          "description": "For the whole call; some APIs have a longer default of their own",
          "type": "integer",
          "minimum": 1,
          "maximum": 3600000,
          "default": 60000
        },
        "max_response_bytes": {
          "description": "Largest answer, counted after decoding",
          "type": "integer",
          "minimum": 1,
          "maximum": 1099511627776,
          "default": 33554432
        },
        "max_connections": {
          "description": "Connections to one host for one integration, shared out among the threads; calls that find none free wait, for connect_timeout_ms at most",
          "type": "integer",
          "minimum": 1,
          "maximum": 65535,
          "default": 256
        },
        "max_queued_calls": {
          "description": "Calls that wait for one of max_connections; more are refused with 429",
          "type": "integer",
          "minimum": 0,
          "maximum": 1000000,
          "default": 1024
        },
        "connect_to": {
          "description": "HOST:PORT to connect to in place of the vendor's: URL, Host, SNI and certificate check stay the vendor's",
          "type": "string",
          "pattern": "^([A-Za-z0-9_-][A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+\\]):0*([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"
        },
        "ca_file": {
          "description": "Authorities (PEM) to trust in place of the system's; relative to this file",
          "type": "string",
          "minLength": 1
        },
        "extra_ca_file": {
          "description": "Authorities (PEM) to trust besides the system's, or besides those of ca_file; relative to this file",
          "type": "string",
          "minLength": 1
        },
        "allow_private_addresses": {
          "description": "Lets vendors' names lead to private and loopback addresses",
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
          "description": "Whose API: the first part of {tool}/{api}, see penstock apis",
          "type": "string"
        },
        "enabled": {
          "description": "false: calls are refused",
          "type": "boolean",
          "default": true
        },
        "connection": {
          "description": "The customer's credentials; which fields an API needs is told by penstock apis TOOL/API",
          "type": "object"
        },
        "upstream": { "$ref": "#/definitions/upstream" },
        "max_in_flight": {
          "description": "Calls at one time; more are refused with 429",
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
