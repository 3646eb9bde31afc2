"""What the organization of the key used. Whether a parent's list holds its children's rows is not documented."""

from collections.abc import Iterator
from datetime import date, datetime

from hms_client.constants import PAGE_SIZE
from hms_client.paging import checked_limit, total_of, walk
from hms_client.reading import Reader, list_of, mapping
from hms_client.shapes.usage import UsagePage, UsageRow, UsageSummary
from hms_client.transport import Transport


class Usage:
    """`client.usage`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        limit: int = PAGE_SIZE,
        offset: int = 0,
        start_date: datetime | date | str | None = None,
        end_date: datetime | date | str | None = None,
    ) -> UsagePage:
        """Return one page of rows, and the sums of the whole filtered list."""
        query = {"limit": checked_limit(limit), "offset": offset, "start_date": start_date, "end_date": end_date}
        answer = self._transport.request("GET", "/usage", query=query)
        return UsagePage(
            rows=list_of(answer, UsageRow.from_json, "logs", "usage", what="usage"),
            total=total_of(answer, "usage"),
            limit=limit,
            offset=offset,
            summary=UsageSummary.from_json(Reader(answer, "usage").required(mapping, "summary")),
        )

    def iterate(
        self,
        *,
        start_date: datetime | date | str | None = None,
        end_date: datetime | date | str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[UsageRow]:
        """Yield every row once, page by page, while new ones arrive."""

        def fetch(limit: int, offset: int) -> tuple[tuple[UsageRow, ...], int]:
            page = self.list(limit=limit, offset=offset, start_date=start_date, end_date=end_date)
            return page.rows, page.total

        return walk(fetch, page_size=page_size)
