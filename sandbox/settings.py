"""What can be turned while the sandbox runs; kept over restarts, and a name nobody knows is refused."""

from typing import Any

from sandbox.answers import refuse
from sandbox.store import Store

DEFAULTS: dict[str, dict[str, Any]] = {
    "hms": {
        "ring_seconds": 1.0,
        "talk_seconds_min": 5.0,
        "talk_seconds_max": 9.0,
        "report_delay_seconds": 0.0,
        "rate_limit": 100,
        "control_rate_limit": 10,
        # A child gets the number that its agency would forward to HMS by SIP, so that it can call at once.
        "number_for_child": True,
        # Calls have a recording once they are over.
        "recordings": True,
        "pool_end_reason": "insufficient_credits",
        "webhooks": "on",
        "duplicate": 0,
        "delay_seconds": 0.0,
        "wrong_signature": False,
        "stale_timestamp": False,
    },
    "stripe": {
        "webhooks": "on",
        "duplicate": 0,
        "delay_seconds": 0.0,
        "wrong_signature": False,
        "reorder": False,
        "retry_seconds": [1.0, 5.0, 30.0, 120.0, 600.0],
        "timeout_seconds": 10.0,
        "checkout_wait_seconds": 10.0,
    },
}


def read(store: Store, side: str) -> dict[str, Any]:
    """All settings of a side ("hms" or "stripe")."""
    return DEFAULTS[side] | (store.get("settings", side) or {})


def change(store: Store, side: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Keeps the changes and gives all settings back. Refused 400 for an unknown name or a value of another type."""
    for name, value in changes.items():
        _check(side, name, value)
    with store.transaction():
        kept = (store.get("settings", side) or {}) | changes
        if store.get("settings", side) is None:
            store.add("settings", side, kept)
        store.save("settings", side, kept)
    return read(store, side)


def _check(side: str, name: str, value: Any) -> None:
    if name not in DEFAULTS[side]:
        raise refuse(400, f"Unknown setting: {name}", f"Known: {', '.join(sorted(DEFAULTS[side]))}")
    usual = DEFAULTS[side][name]
    if name == "webhooks" and value not in ("on", "off"):
        raise refuse(400, "webhooks is on or off")
    if isinstance(usual, bool) or isinstance(value, bool):
        fits = isinstance(usual, bool) and isinstance(value, bool)
    elif isinstance(usual, list):
        fits = isinstance(value, list) and all(_is_number(item) for item in value)
    elif isinstance(usual, int | float):
        fits = _is_number(value)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise refuse(400, f"{name} takes {type(usual).__name__}", "Numbers are zero or more.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
