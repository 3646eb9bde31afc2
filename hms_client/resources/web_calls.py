"""Calls from a browser; they live at an address of their own."""

from collections.abc import Mapping

from hms_client.resources.calls import assistant_choice
from hms_client.shapes.calls import WebCall
from hms_client.transport import Transport


class WebCalls:
    """`client.web_calls`. The key stays on the server; the browser gets the token and the address only."""

    def __init__(self, transport: Transport, url: str) -> None:
        self._transport, self._url = transport, url

    def start(
        self,
        *,
        assistant_id: str | None = None,
        assistant_override: Mapping[str, object] | None = None,
        assistant: Mapping[str, object] | None = None,
    ) -> WebCall:
        """Open a call a browser can join. It is billed like any call, with the direction `web`."""
        body = assistant_choice(assistant_id, assistant, assistant_override)
        return WebCall.from_json(self._transport.request("POST", "/web-calls", body=body, url=self._url))
