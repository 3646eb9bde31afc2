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
        # Where HMS's pages contradict each other or say nothing: the first reading is the one taken.
        "nested_errors": False,
        "usage_fields": "current",
        "parent_sees_children": False,
        "child_shows_pool": True,
        "round_up_minutes": False,
        "pool_ends_calls": True,
        "without_minutes_status": "rejected",
        "delete_status": 200,
        "foreign_status": 404,
        "call_ids": "phone",
        "webhook_call_ids": "same",
        "signature_prefix": True,
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

CHOICES: dict[str, tuple[Any, ...]] = {
    "webhooks": ("on", "off"),
    "usage_fields": ("current", "older", "guide"),
    "without_minutes_status": ("rejected", "insufficient-credits"),
    "delete_status": (200, 204),
    "foreign_status": (404, 403),
    "call_ids": ("phone", "uuid"),
    "webhook_call_ids": ("same", "other"),
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
    if name in CHOICES and value not in CHOICES[name]:
        raise refuse(400, f"{name} is {' or '.join(map(str, CHOICES[name]))}")
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
