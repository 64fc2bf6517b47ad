"""Documents that the program prints, held against the schemas of src/report/schemas."""
import functools
import json
from pathlib import Path

import jsonschema

from folders import SOURCE

SCHEMAS = SOURCE / "src/report/schemas"
CHANGING = ("enable", "disable", "reset", "clean", "repair", "apply", "undo")  # they share one schema


@functools.cache
def validator(name):
    return jsonschema.Draft7Validator(load_schema(name))


def schema_of(document):
    """ "cbtctl.ctk-show/1" keeps ctk-show.json."""
    name = document["schema"].split(".")[1].split("/")[0]
    return "change" if name in CHANGING else name


def violations(document):
    """What in the document does not keep its schema: none, as it should be."""
    errors = validator(schema_of(document)).iter_errors(document)
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in errors]


def load_schema(name):
    """Every {"$ref": "FILE#/$defs/NAME"} replaced by what it names; without a file it names a part of its own file.
    ("../common.json" lies beside the others all the same: a reference is relative to "$id", say "cbtctl.scan/1".)"""
    whole = _read(f"{name}.json")
    parts = whole.pop("$defs", {})
    return _expanded(whole, parts)


def _read(file):
    return json.loads((SCHEMAS / file).read_text())


def _expanded(node, parts):
    if isinstance(node, list):
        return [_expanded(each, parts) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        found = {key: _expanded(value, parts) for key, value in node.items()}
        # A reader ignores what it does not know, so the schemas allow it; what we print they know all the same.
        return {"additionalProperties": False, "patternProperties": {"_base64$": {"type": "string"}}, **found} if isinstance(node.get("properties"), dict) and "type" in node \
            else found
    [(_, reference)] = node.items()  # what stood beside it would be ignored
    file, pointer = reference.split("#/$defs/")
    there = _read(Path(file).name)["$defs"] if file else parts
    return _expanded(there[pointer], there)
