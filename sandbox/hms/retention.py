"""Calls are kept no longer than their organization wants: of older ones neither what was said nor who called shows."""

from typing import Any

from sandbox import times
from sandbox.store import Document

CONTENT = ("messages", "summary", "analysis_result", "recording_url")
METADATA = ("caller_phone",)
DAY_SECONDS = 86_400


def shown(organization: Document, call: Document) -> dict[str, Any]:
    """A call as HMS shows it today, without what the sandbox notes for itself."""
    called_at = times.parse(call["created_at"])
    public = {name: value for name, value in call.items() if not name.startswith("_")}
    if is_content_over(organization, called_at):
        public |= dict.fromkeys(CONTENT)
    if _is_over(organization, "metadata_retention_days", called_at):
        public |= dict.fromkeys(METADATA)
    return public


def is_content_over(organization: Document | None, at: float) -> bool:
    """Whether what was said at this time (Unix seconds) is kept no more. Without periods everything is kept."""
    return organization is not None and _is_over(organization, "content_retention_days", at)


def _is_over(organization: Document, period: str, at: float) -> bool:
    days = organization.get(period)
    return days is not None and times.now() - at > days * DAY_SECONDS
