"""The sandbox stands alone: it is made of libraries only, and of none of those it plays."""

import ast
from pathlib import Path

SOURCES = sorted((Path(__file__).parents[2] / "sandbox").rglob("*.py"))
SIDES = {"hms", "stripe", "dns"}
LIBRARIES = {"werkzeug", "jinja2", "aiosmtpd", "dns", "_typeshed"}


def imported(path: Path) -> set[str]:
    """The top names a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_the_sandbox_imports_nothing_but_libraries():
    import sys

    foreign = {name for path in SOURCES for name in imported(path)} - set(sys.stdlib_module_names) - {"sandbox"}
    assert foreign == LIBRARIES


def test_the_sides_do_not_know_each_other():
    for path in SOURCES:
        side = path.parent.name
        others = {f"sandbox.{other}" for other in SIDES - {side}} if side in SIDES else set()
        assert not [other for other in others if other in path.read_text()], path
