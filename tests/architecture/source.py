"""What the architecture tests look at: our own Python files, parsed."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = """
    tenancy people follow_ups outside vault audit notifications inbox branding domains clients billing organizations
    calls agencies leaving
""".split()
PACKAGES = [*CORE, "portal", "hms_client", "sandbox", "stack"]


@cache
def modules(*packages: str) -> dict[Path, ast.Module]:
    """Every module of the packages (all by default) but migrations, by its path from the root."""
    return {
        path.relative_to(ROOT): ast.parse(path.read_text())
        for package in packages or tuple(PACKAGES)
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    }


def imported(tree: ast.Module) -> set[str]:
    """The dotted names that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return names
