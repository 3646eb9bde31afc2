"""Stripe's form encoding: `line_items[0][price]=x` means {"line_items": [{"price": "x"}]}."""

import re
from collections.abc import Iterable
from typing import Any

PART = re.compile(r"\[([^\]]*)\]")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The nested parameters of flat pairs; `a[]` and `a[0]` both make lists."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, _, rest = name.partition("[")
        path = [head, *PART.findall(f"[{rest}" if rest else "")]
        _put(tree, path, value)
    return {name: _with_lists(branch) for name, branch in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        branch = tree.setdefault(part, {})
        if not isinstance(branch, dict):
            return
        tree = branch
    last = path[-1] or str(len(tree))
    tree[last] = value


def _with_lists(branch: Any) -> Any:
    if not isinstance(branch, dict):
        return branch
    grown = {name: _with_lists(value) for name, value in branch.items()}
    if grown and all(name.isdigit() for name in grown):
        return [grown[name] for name in sorted(grown, key=int)]
    return grown
