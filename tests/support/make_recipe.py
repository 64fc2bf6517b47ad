"""A datastore made from the text of a recipe (fixtures/README.md), by the tool that makes the bundled ones."""
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from folders import SOURCE

_loader = SourceFileLoader("make_fixtures", str(SOURCE / "tools/make_fixtures"))
_tool = module_from_spec(spec_from_loader(_loader.name, _loader))
_loader.exec_module(_tool)


def cook(recipe, folder):
    """The folder, with what the recipe says in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe").write_text(recipe)
    _tool.make(folder / "recipe", folder)
    (folder / "recipe").unlink()
    (folder / ".stamp").unlink()
    return folder
