"""Trouble with names on demand: answers about a name, and all names below it, that are wrong, late or missing."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.answers import refuse

KINDS = (
    "nxdomain",
    "servfail",
    "bogus",
    "refused",
    "silence",
    "truncated",
    "lame",
    "other-id",
    "garbage",
    "flood",
)
VIEWS = ("both", "public", "zone")


@dataclass(frozen=True)
class Fault:
    """One kind of trouble about `name` and below, in the view of the public, of the zone's own servers, or both.

    nxdomain, servfail, refused: that answer. bogus: the public view's SERVFAIL unless checking is disabled. silence: no
    answer. truncated: whole over TCP only. lame: not marked as authoritative. other-id: the answer to another question.
    garbage: the true answer up to byte `offset`, then the bytes of `hex`. flood: unreadable datagrams for a whole
    second.
    """

    name: str
    kind: str
    view: str = "both"
    hex: str = ""
    offset: int = 0


class Faults:
    """The faults that hold; they do not survive a restart."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[tuple[str, str], Fault] = {}

    def add(self, fault: Fault) -> None:
        """Replaces an older one of the same name and view."""
        with self._lock:
            self._faults[fault.name, fault.view] = fault

    def clear(self, name: str = "") -> None:
        """Those about a name; all, without one."""
        with self._lock:
            self._faults = {key: fault for key, fault in self._faults.items() if name and fault.name != name}

    def standing(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults.values()]

    def about(self, name: str, view: str) -> Fault | None:
        """The fault that a question about the name meets in this view: the one closest to the name."""
        with self._lock:
            met = [
                fault
                for fault in self._faults.values()
                if fault.view in ("both", view) and (name == fault.name or name.endswith(f".{fault.name}"))
            ]
        return max(met, key=lambda fault: len(fault.name), default=None)


def from_body(body: dict[str, Any]) -> Fault:
    """The fault a lever asks for. Refused 400 when it makes no sense."""
    name, kind, view = str(body.get("name") or "").lower().strip("."), body.get("kind"), body.get("view", "both")
    if not name or kind not in KINDS or view not in VIEWS:
        raise refuse(400, "name*, kind* and view", f"Kinds: {', '.join(KINDS)}. Views: {', '.join(VIEWS)}.")
    hex_, offset = str(body.get("hex") or ""), body.get("offset", 0)
    try:
        bytes.fromhex(hex_)
    except ValueError as error:
        raise refuse(400, "hex is bytes as hexadecimal digits") from error
    if not isinstance(offset, int) or offset < 0:
        raise refuse(400, "offset is a whole number from 0")
    return Fault(name, str(kind), str(view), hex_, offset)
