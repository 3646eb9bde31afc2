"""Keys of the organization's own at the providers behind HMS ("bring your own key")."""

from collections.abc import Mapping

from hms_client.reading import Reader, mapping, unwrapped
from hms_client.shapes.settings import ProviderKeys
from hms_client.transport import Transport
from hms_client.values import FrozenMap, Json


class Byok:
    """`client.byok`. Keys go in and never come out."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> ProviderKeys:
        """Return which providers have a key."""
        return _keys(self._transport.request("GET", "/byok"))

    def set(self, *, provider: str, api_key: str) -> ProviderKeys:
        """Store or replace a provider's key."""
        return _keys(self._transport.request("POST", "/byok", body={"provider": provider, "api_key": api_key}))

    def delete(self, *, provider: str) -> None:
        """Forget a provider's key; HMS's own is used again."""
        self._transport.request("DELETE", "/byok", body={"provider": provider})

    def configure(self, *, provider: str, config: Mapping[str, object]) -> FrozenMap:
        """Merge settings into a provider's own, which must have a key; return all providers' settings."""
        answer = self._transport.request("POST", "/byok/config", body={"provider": provider, "config": config})
        return Reader(answer, "provider settings").required(mapping, "byok_config")


def _keys(answer: Json) -> ProviderKeys:
    return ProviderKeys.from_json(unwrapped(answer, "byok_keys"))
