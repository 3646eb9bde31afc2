"""Plausible words for a simulated call: as many lines as its seconds leave time for."""

from typing import Any

LINES = (
    ("user", "Hi, I would like to move my appointment."),
    ("assistant", "Of course. Which day would suit you better?"),
    ("user", "Thursday afternoon, if that is possible."),
    ("assistant", "Thursday at half past two is free. Shall I book that for you?"),
    ("user", "Yes, please."),
    ("assistant", "It is booked. You will get a confirmation by text message."),
    ("user", "Do I need to bring anything?"),
    ("assistant", "Only your customer number. Is there anything else I can do?"),
    ("user", "No, that was all. Thank you."),
    ("assistant", "You are welcome. Goodbye."),
)
SECONDS_PER_LINE = 2


def opening(config: dict[str, Any]) -> list[dict[str, str]]:
    """What the assistant says when the call is answered."""
    return [{"role": "assistant", "content": config.get("first_message") or "Good day, how can I help you?"}]


def talk(seconds: int) -> list[dict[str, str]]:
    """The lines that fit into so many seconds."""
    fitting = LINES[: max(1, seconds // SECONDS_PER_LINE)]
    return [{"role": role, "content": content} for role, content in fitting]


def summary(seconds: int) -> str:
    if seconds < len(LINES):
        return "The caller asked to move an appointment; the call ended before a day was agreed."
    return "The caller moved an appointment to Thursday at half past two and was told to bring the customer number."


def analysis(config: dict[str, Any], seconds: int) -> dict[str, Any] | None:
    """What an assistant with an analysis plan finds in a call of so many seconds; None without a plan."""
    plan = (config.get("analysis_plan") or {}).get("structured_data_plan") or {}
    if not plan.get("enabled"):
        return None
    is_booked = seconds >= len(LINES)
    day = {"day": "Thursday", "time": "14:30"} if is_booked else None
    return {"intent": "reschedule", "appointment_booked": is_booked, "new_appointment": day}
