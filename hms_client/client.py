"""The one object to hold: a client for one HMS organization, its nouns as attributes."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from hms_client import constants, resources
from hms_client.errors import InvalidArgument
from hms_client.transport import Transport, checked_url


class HMSClient:
    """Speaks for the organization `api_key` belongs to. Close it, or use it in a `with`; threads may share it.

    `timeout` is in seconds, for connecting and for each silence while reading. `transport` replaces
    the network (in tests), `http_client` the whole of httpx's client: that one stays yours to close.
    `sleep` and `clock` stand in for the time module's. Raises InvalidArgument for a key or an
    address that cannot be one.
    """

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str = constants.BASE_URL,
        web_call_url: str = constants.WEB_CALL_URL,
        timeout: float | httpx.Timeout = constants.TIMEOUT_SECONDS,
        max_retries: int = constants.MAX_RETRIES,
        transport: httpx.BaseTransport | None = None,
        http_client: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if transport is not None and http_client is not None:
            raise InvalidArgument("give either transport or http_client")
        self._http = httpx.Client(transport=transport) if http_client is None else http_client
        self._closes_http = http_client is None
        self._transport = Transport(
            api_key=api_key,
            base_url=base_url,
            timeout=timeout,
            max_retries=max_retries,
            http=self._http,
            sleep=sleep,
            clock=clock,
        )
        self._attach(checked_url(web_call_url))

    def _attach(self, web_call_url: str) -> None:
        sent_by = self._transport
        self.organizations = resources.Organizations(sent_by)
        self.calls = resources.Calls(sent_by)
        self.web_calls = resources.WebCalls(sent_by, web_call_url)
        self.usage = resources.Usage(sent_by)
        self.assistants = resources.Assistants(sent_by)
        self.numbers = resources.Numbers(sent_by)
        self.campaigns = resources.Campaigns(sent_by)
        self.sip_trunks = resources.SipTrunks(sent_by)
        self.voices = resources.Voices(sent_by)
        self.byok = resources.Byok(sent_by)
        self.tool_templates = resources.ToolTemplates(sent_by)
        self.analysis_templates = resources.AnalysisTemplates(sent_by)
        self.workflows = resources.Workflows(sent_by)
        self.mcp_servers = resources.McpServers(sent_by)
        self.domains = resources.Domains(sent_by)
        self.health = resources.Health(sent_by)

    def __repr__(self) -> str:
        return f"HMSClient(base_url={self._transport.base_url!r}, api_key='***')"

    def close(self) -> None:
        """Close the connections, unless they are those of an `http_client` given."""
        if self._closes_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
