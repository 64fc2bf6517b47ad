"""Documents that the program prints, held against the schemas of src/report/schemas."""
import functools
import json

import jsonschema

from folders import SOURCE

SCHEMAS = SOURCE / "src/report/schemas"
CHANGING = ("enable", "disable", "reset", "clean", "repair", "apply", "undo")  # they share one schema


@functools.cache
def validator(name):
    return jsonschema.Draft7Validator(json.loads((SCHEMAS / f"{name}.json").read_text()))


def schema_of(document):
    """ "cbtctl.ctk-show/1" keeps ctk-show.json."""
    name = document["schema"].split(".")[1].split("/")[0]
    return "change" if name in CHANGING else name


def violations(document):
    """What in the document does not keep its schema: none, as it should be."""
    errors = validator(schema_of(document)).iter_errors(document)
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in errors]
