"""Rules of the house that no library checks for us. Each names the file and line that breaks it."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture import source

HTTP = {"django.http", "django.shortcuts", "django.urls", "django.forms", "django.template", "django.contrib.messages"}
DOORS = {"tenant_context", "schema_context", "set_tenant", "set_schema", "set_schema_to_public"}
MONEY = ["billing", "calls", "organizations", "agencies", "vault", "clients"]


def places(found: list[tuple[Path, int, str]]) -> str:
    return "\n".join(f"{path}:{line} {what}" for path, line, what in found)


def test_the_core_knows_no_http_forms_or_templates() -> None:
    found = [
        (path, 1, name)
        for path, tree in source.modules(*source.CORE).items()
        for name in source.imported(tree)
        if any(name == banned or name.startswith(f"{banned}.") for banned in HTTP)
    ]
    assert not found, places(found)


def test_only_the_door_moves_a_connection() -> None:
    found = [
        (path, node.lineno, name)
        for path, tree in source.modules().items()
        if path.parts[0] != "tenancy"
        for node in ast.walk(tree)
        if (name := getattr(node, "attr", None) or getattr(node, "id", None)) in DOORS
    ]
    assert not found, places(found)


def test_stripes_library_is_used_in_one_place() -> None:
    users = [path for path, tree in source.modules().items() if "stripe" in source.imported(tree)]
    assert {path.parent for path in users} == {Path("billing/stripe_gateway")}


def test_an_agency_is_never_a_context_manager_or_a_decorator() -> None:
    from agencies.models import Agency

    assert not hasattr(Agency, "__enter__")


@pytest.mark.parametrize("package", MONEY)
def test_no_float_comes_near_money(package: str) -> None:
    found = [
        (path, node.lineno, "float")
        for path, tree in source.modules(package).items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Attribute) and node.attr == "FloatField")
    ]
    assert not found, places(found)


def test_files_and_functions_stay_small() -> None:
    found = []
    for path, tree in source.modules().items():
        lines = (source.ROOT / path).read_text().count("\n")
        if lines > 350:
            found.append((path, 1, f"{lines} lines"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno + 1 > 45:
                found.append((path, node.lineno, f"{node.name} has {node.end_lineno - node.lineno + 1} lines"))
    assert not found, places(found)


def test_every_core_module_says_what_it_guarantees() -> None:
    found = [
        (path, 1, "no docstring")
        for path, tree in source.modules(*source.CORE, "hms_client").items()
        if tree.body and path.name != "apps.py" and not ast.get_docstring(tree)
    ]
    assert not found, places(found)


def test_nothing_is_left_unfinished() -> None:
    mark = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    found = [
        (path, number, line.strip())
        for path in source.modules()
        for number, line in enumerate((source.ROOT / path).read_text().splitlines(), 1)
        if mark.search(line)
    ]
    assert not found, places(found)


def test_no_exception_is_swallowed_in_silence() -> None:
    found = [
        (path, node.lineno, "except: pass")
        for path, tree in source.modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and all(isinstance(line, ast.Pass) for line in node.body)
    ]
    assert not found, places(found)


def test_no_file_is_called_after_nothing() -> None:
    vague = {"utils.py", "helpers.py", "services.py", "common.py", "misc.py", "manager.py", "managers.py"}
    # A service of the stack is a process, as in docker-compose.yml: there the word has one meaning.
    assert not [path for path in source.modules() if path.name in vague and path.parts[0] != "stack"]


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\sstyle=|\son[a-z]+=\"", re.IGNORECASE)
    found = [
        (path.relative_to(source.ROOT), number, line.strip()[:80])
        for path in sorted((source.ROOT / "templates").rglob("*.html"))
        if "email" not in str(path.relative_to(source.ROOT))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if inline.search(line)
    ]
    assert not found, places(found)
