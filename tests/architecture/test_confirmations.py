"""What removes, revokes, suspends or releases asks before: its button stands in a <c-confirm> that says what happens.

In the templates an address is either reversed into a variable (`as x_url`) that a confirmation takes, or it is the
action of a form of its own. Buttons of a client's organization are made in Python, with a question.
"""

import re
from pathlib import Path

import pytest

from tests.isolation.test_every_url import names

TEMPLATES = {path: path.read_text() for path in Path("templates").rglob("*.html")}
FINAL = re.compile(r"_(remove|revoke|release|suspend|withdraw|leave|drop|end)$|^undo$|^revoke_token$|^switch$")
# What these do is taken back by the button that then stands there, or they are a page that asks.
UNDONE = {
    "end_call": "a page of its own asks",
    "organization_knowledge_withdraw": "the same button offers it again",
}


def final() -> list[str]:
    """The dashboard's addresses whose name says that something goes."""
    found = [name.removeprefix("dashboard:") for name, _pattern in names("portal.urls_platform")]
    return sorted(name for name in found if FINAL.search(name) and name not in UNDONE)


def ways_to(name: str) -> list[tuple[Path, str, str]]:
    """Where templates lead to an address: the file, its text, and the variable ("" for none)."""
    tag = re.compile(r'{%\s*url ["\']dashboard:' + name + r'["\'][^%]*?(?:\bas (\w+)\s*)?%}')
    return [(path, text, found.group(1) or "") for path, text in TEMPLATES.items() for found in tag.finditer(text)]


@pytest.mark.parametrize("name", [each for each in final() if not each.startswith("organization_")])
def test_what_cannot_be_taken_back_asks_before(name: str) -> None:
    silent = []
    for path, text, variable in ways_to(name):
        asks = variable and re.search(r"<c-confirm[^>]*\{\{ " + variable + r"[ |}#]", text)
        if not asks:
            silent.append(str(path))
    assert not silent, f"{name} happens without a question in {silent}"


def test_inside_an_organization_every_removal_has_a_question() -> None:
    for path in Path("portal/dashboard/organization").glob("*.py"):
        for press in re.findall(r"Press\((?:[^()]|\([^()]*\))*\)", path.read_text()):
            if re.search(r"_(remove|drop)", press):
                assert "question=" in press, f"{path}: {press}"
