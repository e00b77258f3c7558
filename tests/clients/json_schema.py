"""An independent judge: python3-jsonschema. Takes a schema's file and, line by line, JSON; answers each with "" or what is wrong."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for line in sys.stdin:
    errors = validator.iter_errors(json.loads(line))
    print(json.dumps("; ".join(f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors)), flush=True)
