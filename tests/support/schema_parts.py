"""The schemas of src/report/schemas, each with its parts in their places."""
import json
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parents[2] / "src/report/schemas"


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
        return {key: _expanded(value, parts) for key, value in node.items()}
    [(_, reference)] = node.items()  # what stood beside it would be ignored
    file, pointer = reference.split("#/$defs/")
    there = _read(Path(file).name)["$defs"] if file else parts
    return _expanded(there[pointer], there)
