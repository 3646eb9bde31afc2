"""What a client's documents say about a question: searched by the database, answered within a second, with the
document named. A tool that assistants call, and the same for whoever tries it.

Nothing of a question is kept or logged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from organizations.documents import OF_ORGANIZATION
from organizations.tools import Tool, ToolCall, ToolFailed

NAME: Final = "search_knowledge"
# Few, because a model reads them while somebody waits on the line.
MOST_FOUND = 4
_LONGEST_QUESTION = 500
_MOST_WORDS = 24
_TIMEOUT_MS = 900

# The words of the question as each language in use writes them. What a language does not count as a word is left out.
_ASKED = """
SELECT DISTINCT word FROM (
  SELECT DISTINCT language FROM organizations_document
   WHERE organization_id = %s AND whole_id IS NULL AND state = 'ready'
) AS used, unnest(tsvector_to_array(to_tsvector(used.language::regconfig, %s))) AS word
ORDER BY word LIMIT %s
"""
# A piece is worth the words of the question that it has, and a word is worth the more the fewer pieces have it. Among
# the best, what stands close together and in headings comes first.
_FOUND = """
WITH asked AS (
  SELECT * FROM unnest(%(words)s::text[], %(queries)s::text[]) AS each(word, query)
), found AS MATERIALIZED (
  SELECT id, words FROM organizations_document
   WHERE organization_id = %(organization)s AND words @@ %(any)s::tsquery
), hits AS (
  SELECT found.id, asked.word FROM found JOIN asked ON found.words @@ asked.query::tsquery
), worth AS (
  SELECT word, ln(1 + (SELECT count(*) FROM found)::float8 / count(*)) AS weight FROM hits GROUP BY word
), best AS (
  SELECT hits.id, sum(worth.weight) AS score FROM hits JOIN worth USING (word)
   GROUP BY hits.id ORDER BY score DESC LIMIT 50
)
SELECT head.name, piece.section, piece.text
  FROM best JOIN organizations_document AS piece USING (id)
  JOIN organizations_document AS head ON head.id = piece.whole_id
 ORDER BY best.score DESC, ts_rank_cd(piece.words, %(any)s::tsquery) DESC, head.name, piece.position
 LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of a document that has to do with a question."""

    document: str
    section: str
    text: str


def search(organization_id: UUID, question: str, *, most: int = MOST_FOUND) -> list[Found]:
    """The pieces of the organization's documents that answer best, the best first. In the agency's schema.

    Raises django.db.OperationalError when the database takes longer than anybody can wait.
    """
    question = question.replace("\x00", " ")[:_LONGEST_QUESTION]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_TIMEOUT_MS}")
        cursor.execute(_ASKED, [organization_id, question, _MOST_WORDS])
        words = [word for (word,) in cursor.fetchall()]
        if not words:
            return []
        cursor.execute(_FOUND, _values(organization_id, words, most))
        return [Found(*row) for row in cursor.fetchall()]


def tool(call: ToolCall) -> dict[str, Any]:
    """What an assistant hears that calls the tool. Raises ToolFailed."""
    question = call.arguments.get("question")
    if not isinstance(question, str) or not question.strip():
        raise ToolFailed(_("Say what you are looking for, as a question."))
    return answer(call.organization_id, question)


def answer(organization_id: UUID, question: str) -> dict[str, Any]:
    """What an assistant hears that asks this. Raises ToolFailed."""
    try:
        found = search(organization_id, question)
    except OperationalError as error:
        raise ToolFailed(_("The documents cannot be searched right now.")) from error
    if not found:
        return {"found": [], "note": _("The documents say nothing about this. Say so, and do not guess.")}
    return {"found": [_told(each) for each in found]}


def tools(organization_id: UUID, names: frozenset[str]) -> Mapping[str, Tool]:
    """The tool, if it is called by its name."""
    return {NAME: tool} if NAME in names else {}


def _told(found: Found) -> dict[str, str]:
    section = {"section": found.section} if found.section else {}
    return {"document": found.document, **section, "text": found.text}


def _values(organization_id: UUID, words: list[str], most: int) -> dict[str, Any]:
    queries = [_quoted(word) for word in words]
    of_organization = _quoted(OF_ORGANIZATION.format(organization_id))
    return {
        "organization": organization_id,
        "words": words,
        "queries": queries,
        "any": f"{of_organization} & ({' | '.join(queries)})",
        "most": most,
    }


def _quoted(word: str) -> str:
    """A word as a query has it, whatever stands in it."""
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
