"""What documents say about a question: the right piece first, nobody else's ever, within a second."""

import json
import time
from typing import Any

import pytest
from django.db import connection

from agencies.models import Agency
from organizations import documents, knowledge, tool_calls
from organizations.knowledge import Found
from organizations.models import Document, Organization
from organizations.tools import ToolCall
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms

pytestmark = pytest.mark.django_db

PRICES = b"""# Bread
A loaf of sourdough is 4.50 euro. We slice it for free.

# Cake
Cakes are ordered two days ahead. A birthday cake is 32 euro.

# Delivery
We deliver within the town from Tuesday to Saturday. Delivery costs 5 euro.
"""


@pytest.fixture
def ben(connected_acme: Agency, says: Hms) -> Organization:
    return hms_says.ready(says)


def add(organization: Organization, name: str, content: str | bytes, language: str = "english") -> Document:
    content = content if isinstance(content, bytes) else content.encode()
    made = documents.add(
        organization_id=organization.pk, name=name, content=content, language=language, added_by="ada@acme.test"
    )
    documents.read(made.pk)
    return made


def ask(organization: Organization, question: str) -> list[str]:
    return [f"{each.document}: {each.section}" for each in knowledge.search(organization.pk, question)]


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("What does delivery cost?", "Delivery"),
        ("Do you deliver on Saturdays?", "Delivery"),
        ("How early do I have to order a birthday cake?", "Cake"),
        ("slicing loaves", "Bread"),
        ("sourdough", "Bread"),
    ],
)
def test_a_question_in_plain_words_finds_its_piece_first(ben: Organization, question: str, section: str) -> None:
    add(ben, "Prices.md", PRICES)
    assert ask(ben, question)[0] == f"Prices.md: {section}"


def test_rare_words_weigh_more_than_common_ones(ben: Organization) -> None:
    for number in range(6):
        add(ben, f"{number}.txt", "The price of the order is the price of the order.")
    add(ben, "Right.txt", "The price for gluten is on the list.")
    assert ask(ben, "price of gluten")[0] == "Right.txt: "


def test_the_name_of_a_document_counts(ben: Organization) -> None:
    add(ben, "our_allergens-2026.txt", "Nuts and milk.")
    assert ask(ben, "Which allergens are there?") == ["our_allergens-2026.txt: "]


def test_each_document_is_understood_in_its_own_language(ben: Organization) -> None:
    add(ben, "nl.txt", "Wij bezorgen bestellingen binnen de stad.", "dutch")
    add(ben, "de.txt", "Die Häuser werden am Montag gereinigt.", "german")
    add(ben, "any.txt", "Ktoré hodiny", "simple")
    assert ask(ben, "bezorgt u mijn bestelling?") == ["nl.txt: "]
    assert ask(ben, "Wann wird mein Haus gereinigt?")[0] == "de.txt: "
    assert ask(ben, "hodiny") == ["any.txt: "]


def test_few_pieces_are_answered_and_each_whole(ben: Organization) -> None:
    add(ben, "Many.md", "\n".join(f"# {number}\nBread number {number}." for number in range(30)))
    found = knowledge.search(ben.pk, "bread")
    assert len(found) == knowledge.MOST_FOUND
    assert found[0] == Found("Many.md", "0", "Bread number 0.")


@pytest.mark.parametrize("question", ["", "?", "the of and", "' | !", "a\\'b & c:*", "\x00", "x" * 100_000, "<->"])
def test_any_text_can_be_asked(ben: Organization, question: str) -> None:
    add(ben, "Prices.md", PRICES)
    assert ask(ben, question) == []


def test_words_with_signs_in_them_are_found(ben: Organization) -> None:
    add(ben, "a.txt", "Write to o'hara@bakery.test or see bakery.test/a|b?c=d&e.", "simple")
    assert ask(ben, "o'hara@bakery.test") == ask(ben, "bakery.test/a|b?c=d&e") == ["a.txt: "]


def test_nobody_finds_what_is_another_clients(ben: Organization, globex: Agency, says: Hms) -> None:
    bob = hms_says.ready(says, name="Bob")
    add(bob, "Secret.txt", f"The canary sings for {ben.pk} and of:{ben.pk}.")
    assert ask(bob, "canary") == ["Secret.txt: "]
    assert ask(ben, "canary") == ask(ben, f"of:{bob.pk}") == []
    add(ben, "Own.txt", "A canary of my own.")
    assert ask(ben, "canary") == ["Own.txt: "]
    with door.leave(), door.enter(globex):
        assert knowledge.search(bob.pk, "canary") == []


def test_what_is_not_read_yet_is_not_found(ben: Organization) -> None:
    documents.add(organization_id=ben.pk, name="a.txt", content=b"canary", language="english", added_by="")
    assert ask(ben, "canary") == []


def said(organization: Organization, **arguments: Any) -> Any:
    call = ToolCall(1, organization.pk, "c1", "t1", knowledge.NAME, arguments)
    return json.loads(json.dumps(tool_calls.ask(knowledge.tool, call)))


def test_an_assistant_hears_the_text_and_where_it_stands(ben: Organization) -> None:
    add(ben, "Prices.md", PRICES)
    add(ben, "Plain.txt", "Sourdough is best warm.")
    loaf = "A loaf of sourdough is 4.50 euro. We slice it for free."
    assert sorted(said(ben, question="sourdough")["found"], key=len) == [
        {"document": "Plain.txt", "text": "Sourdough is best warm."},
        {"document": "Prices.md", "section": "Bread", "text": loaf},
    ]


def test_an_assistant_that_finds_nothing_is_told_not_to_guess(ben: Organization) -> None:
    answer = said(ben, question="parking")
    assert answer["found"] == []
    assert "do not guess" in answer["note"]


@pytest.mark.parametrize("arguments", [{}, {"question": " "}, {"question": 5}, {"query": "bread"}])
def test_an_assistant_that_asks_nothing_is_told_how(ben: Organization, arguments: dict[str, Any]) -> None:
    assert "question" in said(ben, **arguments)["error"]


def test_a_database_that_is_too_slow_is_a_sentence(ben: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    add(ben, "Prices.md", PRICES)
    monkeypatch.setattr(knowledge, "_FOUND", f"SELECT pg_sleep(30) WHERE %(any)s::text <> '' -- {'%(most)s'}")
    monkeypatch.setattr(knowledge, "_TIMEOUT_MS", 50)
    assert said(ben, question="bread") == {"error": "The documents cannot be searched right now."}


def test_a_question_is_logged_nowhere(ben: Organization, caplog: pytest.LogCaptureFixture) -> None:
    add(ben, "Prices.md", PRICES)
    caplog.set_level("INFO")
    said(ben, question="canary sourdough")
    assert "canary" not in caplog.text


def test_five_thousand_pieces_are_searched_within_a_second_by_the_index(
    ben: Organization, says: Hms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred documents of twenty-five pieces, beside another client's as many."""
    bob = hms_says.ready(says, name="Bob")
    for organization in (ben, bob):
        fill(organization, documents_=200, pieces_each=25)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE organizations_document")
    question = "What does the common delivery of rare417 and word3 bread cost in the common town on Saturday?"
    started = time.monotonic()
    found = knowledge.search(ben.pk, question)
    assert time.monotonic() - started < 1
    assert "rare417 " in found[0].text
    assert "document_words" in plan(ben, ["rare417"])
    assert "document_words" in plan(ben, ["common", "rare417"])


def fill(organization: Organization, *, documents_: int, pieces_each: int) -> None:
    """Documents with their pieces, as reading makes them, in two statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH head AS (
              INSERT INTO organizations_document (id, organization_id, language, created_at, name, kind, size_bytes,
                     state, problem, added_by, position, section, text)
              SELECT gen_random_uuid(), %(organization)s, 'english', now(), 'Document ' || n, 'text', 20000, 'ready',
                     '', '', 0, '', '' FROM generate_series(1, %(documents)s) AS n RETURNING id, name)
            INSERT INTO organizations_document (id, organization_id, whole_id, language, created_at, name, kind,
                   size_bytes, state, problem, added_by, position, section, text, words)
            SELECT gen_random_uuid(), %(organization)s, head.id, 'english', now(), '', '', 0, '', '', '', n, '', text,
                   to_tsvector('english', text) || array_to_tsvector(ARRAY['of:' || %(organization)s::text])
              FROM head, generate_series(1, %(pieces)s) AS n, LATERAL (
                   SELECT 'common rare' || (substr(head.name, 10)::int * %(pieces)s + n) || ' bread delivered on word'
                          || n %% 7 || ' ' || repeat(md5(head.name || n) || ' costs of town ', 14) AS text) AS said""",
            {"organization": str(organization.pk), "documents": documents_, "pieces": pieces_each},
        )


def plan(organization: Organization, words: list[str]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {knowledge._FOUND}", knowledge._values(organization.pk, words, 4))
        return "\n".join(line for (line,) in cursor.fetchall())
