"""Calls: the past ones, starting one, and steering one that runs."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from hms_client.constants import PAGE_SIZE
from hms_client.errors import InvalidArgument
from hms_client.paging import checked_limit, total_of, walk
from hms_client.reading import list_of, unwrapped
from hms_client.resources.collection import given
from hms_client.shapes.calls import Accepted, Call, CallPage, StartedCall
from hms_client.transport import QueryValue, Transport

_CONTENT = frozenset({"messages", "summary", "analysis_result"})


class Calls:
    """`client.calls`. Commands to a running call are limited to 10 a minute per call."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        limit: int = PAGE_SIZE,
        offset: int = 0,
        status: str | None = None,
        start_date: datetime | date | str | None = None,
        end_date: datetime | date | str | None = None,
        content: bool = True,
    ) -> CallPage:
        """Return one page of calls. Their order, and whether the dates are inclusive, is not documented.

        Without `content` what was said is passed over, which most of the time for reading a page goes into.
        """
        query: dict[str, QueryValue] = {"limit": checked_limit(limit), "offset": offset, "status": status}
        query |= {"start_date": start_date, "end_date": end_date}
        without = frozenset[str]() if content else _CONTENT
        answer = self._transport.request("GET", "/calls", query=query, without=without)
        calls = list_of(answer, Call.from_json, "calls", what="calls")
        return CallPage(calls=calls, total=total_of(answer, "calls"), limit=limit, offset=offset)

    def iterate(
        self,
        *,
        start_date: datetime | date | str | None = None,
        end_date: datetime | date | str | None = None,
        status: str | None = None,
        page_size: int = PAGE_SIZE,
        content: bool = True,
    ) -> Iterator[Call]:
        """Yield every call once, page by page, while new ones arrive; `content` as in `list`."""

        def fetch(limit: int, offset: int) -> tuple[tuple[Call, ...], int]:
            page = self.list(
                limit=limit, offset=offset, status=status, start_date=start_date, end_date=end_date, content=content
            )
            return page.calls, page.total

        return walk(fetch, page_size=page_size)

    def get(self, call_id: str) -> Call:
        """Return one call."""
        answer = self._transport.request("GET", "/calls/{id}", path={"id": call_id})
        return Call.from_json(unwrapped(answer, "call"))

    def start_outbound(
        self,
        *,
        destination: str,
        assistant_id: str | None = None,
        number_id: str | None = None,
        assistant_override: Mapping[str, object] | None = None,
        first_message: str | None = None,
        assistant: Mapping[str, object] | None = None,
    ) -> StartedCall:
        """Ring `destination` (E.164) with a saved assistant, or with one described in `assistant`.

        Each key of `assistant_override` replaces the saved assistant's whole block of that name.
        Without `number_id` HMS takes any free number. Never repeated: it would ring somebody twice.
        Raises InsufficientCredits before dialing when no minutes are left.
        """
        body = given(destination=destination, number_id=number_id, first_message=first_message)
        chosen = assistant_choice(assistant_id, assistant, assistant_override)
        return StartedCall.from_json(self._transport.request("POST", "/calls/outbound", body={**body, **chosen}))

    def end_call(self, call_id: str, *, message: str | None = None) -> Accepted:
        """Hang up, after saying `message`. Raises BadRequest unless the call is in progress."""
        return self._control(call_id, given(type="end-call", message=message))

    def say(self, call_id: str, content: str, *, end_after: bool = False) -> Accepted:
        """Speak `content`, and hang up then if `end_after`."""
        return self._control(call_id, {"type": "say", "content": content, "end_after": end_after})

    def inject_context(self, call_id: str, content: str, *, trigger_response: bool = False) -> Accepted:
        """Tell the assistant something the caller does not hear; `trigger_response` makes it react at once."""
        body = {"type": "inject-context", "content": content, "trigger_response": trigger_response}
        return self._control(call_id, body)

    def transfer(self, call_id: str, destination: str, *, message: str | None = None) -> Accepted:
        """Hand the caller over to a number or SIP address, after saying `message`."""
        return self._control(call_id, given(type="transfer", destination=destination, message=message))

    def _control(self, call_id: str, command: Mapping[str, object]) -> Accepted:
        answer = self._transport.request("POST", "/calls/{id}/control", path={"id": call_id}, body=command)
        return Accepted.from_json({} if answer is None else answer)


def assistant_choice(
    assistant_id: str | None, assistant: Mapping[str, object] | None, override: Mapping[str, object] | None
) -> dict[str, object]:
    """Return the fields for one of HMS's three modes: saved, described, or saved with changes.

    Raises InvalidArgument for anything between them.
    """
    if (assistant_id is None) == (assistant is None):
        raise InvalidArgument("give either assistant_id or assistant")
    if assistant_id is None and override is not None:
        raise InvalidArgument("assistant_override changes a saved assistant: it needs assistant_id")
    return given(assistant_id=assistant_id, assistant=assistant, assistant_override=override)
