"""What a client reads about calls, purchases and movements: plain words, the day, the time, a masked number."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.credits import SECONDS_PER_CREDIT
from billing.models import LedgerEntry, Purchase
from calls import rating
from calls.models import Call
from calls.statement import Line
from portal.templatetags.figures import masked_phone, minutes_seconds, money

Kind = LedgerEntry.Kind

_DOT = " · "
_STATES = {
    "queued": gettext_lazy("Starting"),
    "scheduled": gettext_lazy("Starting"),
    "initiated": gettext_lazy("Starting"),
    "dialing": gettext_lazy("Dialling"),
    "connecting": gettext_lazy("Connecting"),
    "ringing": gettext_lazy("Ringing"),
    "in-progress": gettext_lazy("Running"),
    "ended": gettext_lazy("Ended"),
    "ended-with-error": gettext_lazy("Broke off"),
    "transferred": gettext_lazy("Passed on"),
    "failed": gettext_lazy("Not connected"),
    "rejected": gettext_lazy("Not answered"),
    "insufficient-credits": gettext_lazy("Not answered"),
}
_ENDINGS = {
    "user-hangup": gettext_lazy("Ended by the caller"),
    "customer-hangup": gettext_lazy("Ended by the caller"),
    "assistant-hangup": gettext_lazy("Ended by the assistant"),
    "max-duration": gettext_lazy("Ended at the longest time allowed"),
    "silence-timeout": gettext_lazy("Ended after a silence"),
}
_ROUNDINGS = {
    Call.Rounding.SECOND: gettext_lazy("per second"),
    Call.Rounding.SIX_SECONDS: gettext_lazy("per started 6 seconds"),
    Call.Rounding.HALF_MINUTE: gettext_lazy("per started 30 seconds"),
    Call.Rounding.MINUTE: gettext_lazy("per started minute"),
}
# Icon and words where no call, purchase or person is known that explains more.
_MOVEMENTS = {
    Kind.USAGE: ("phone", gettext_lazy("Call")),
    Kind.USAGE_CORRECTION: ("adjustments", gettext_lazy("Call corrected")),
    Kind.PURCHASE: ("credit-card", gettext_lazy("Bought credits")),
    Kind.REFUND: ("arrow-back-up", gettext_lazy("Credits of a refund taken back")),
    Kind.REFUND_REVERSAL: ("arrow-forward-up", gettext_lazy("Refund undone")),
    Kind.DISPUTE: ("alert-triangle", gettext_lazy("Credits of a disputed payment taken back")),
    Kind.DISPUTE_WON: ("check", gettext_lazy("Disputed payment settled")),
    Kind.WELCOME: ("gift", gettext_lazy("Welcome credits")),
    Kind.EXPIRY: ("clock-off", gettext_lazy("Credits expired")),
    Kind.TEST_REVERSAL: ("flask-off", gettext_lazy("Test credits removed")),
    Kind.REVERSAL: ("rotate", gettext_lazy("Booking undone")),
}


_BY_HAND = (Kind.ALLOCATION, Kind.REVERSAL)
_STEPS = {
    Purchase.State.PAID: ("done", gettext_lazy("Paid")),
    Purchase.State.FAILED: ("wrong", gettext_lazy("Not paid")),
    Purchase.State.ABANDONED: ("missing", gettext_lazy("Cancelled")),
    Purchase.State.PARTLY_REFUNDED: ("missing", gettext_lazy("A part given back")),
    Purchase.State.REFUNDED: ("missing", gettext_lazy("Given back")),
    Purchase.State.DISPUTED: ("wrong", gettext_lazy("Disputed at the bank")),
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to a purchase, or is waited for. `tone` is done, wrong, missing or waiting."""

    tone: str
    title: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A line as it is read. `day` is when it was booked; `url` leads to what is behind it, "" when nothing is."""

    icon: str
    title: str
    meta: str
    day: date
    url: str = ""


def line(said: Line, *, agency_name: str, under_heading: bool, for_team: bool = False) -> Told:
    """One movement of the balance: what, when, how long, with whom.

    A heading says the day on which it was booked; a line says its own day when there is no heading or it is another.
    The agency's team reads the same words, and who of them gave credits; its dashboard has no pages behind the lines.
    """
    entry = said.entry
    at = said.call.started_at or said.call.placed_at if said.call else entry.event_at
    booked_on = day_of(entry.created_at)
    when = clock_time(at) if under_heading and day_of(at) == booked_on else moment(at)
    icon, title, details = explained(said, agency_name=agency_name, for_team=for_team)
    return Told(icon, title, _joined([when, *details]), booked_on, "" if for_team else _behind(said))


def explained(said: Line, *, agency_name: str, for_team: bool = False) -> tuple[str, str, list[str]]:
    """Icon, title and details of a movement, without its time."""
    icon, title, details = _explained(said, agency_name)
    by = [str(said.entry.actor.get("email", ""))] if for_team and said.entry.kind in _BY_HAND else []
    test = [] if said.entry.livemode else [_("test")]
    return icon, title, [each for each in (*details, *by, *test) if each]


def _behind(said: Line) -> str:
    if said.call is not None:
        return reverse("storefront:call", args=[said.call.pk])
    return reverse("storefront:purchase", args=[said.purchase.pk]) if said.purchase is not None else ""


def _explained(said: Line, agency_name: str) -> tuple[str, str, list[str]]:
    entry = said.entry
    if said.call is not None:
        if entry.kind == Kind.USAGE:
            details = [minutes_seconds(said.call.measured_seconds), said.call.assistant_name]
            return call_icon(said.call), call_title(said.call), details
        title = _("Correction: %(call)s") % {"call": call_title(said.call)}
        return "adjustments", title, [_("the length was measured again")]
    if said.purchase is not None:
        bought = said.purchase
        return "credit-card", credits_bought(bought), [price_paid(bought), bought.package_name]
    if said.undone is not None:
        title = _("Undone: %(what)s") % {"what": _given(said.undone, agency_name)[1]}
        return "rotate", title, [_quoted(said.undone.reason), _quoted(entry.reason)]
    if entry.kind == Kind.TEST_REVERSAL and entry.amount > 0:
        return "flask-off", _("Credits of test calls given back"), []
    icon, title = _given(entry, agency_name)
    return icon, title, [_quoted(entry.reason)]


def _given(entry: LedgerEntry, agency_name: str) -> tuple[str, str]:
    """Icon and words of a movement that no call and no purchase explains."""
    if entry.kind == Kind.ALLOCATION:
        title = _("Added by %(agency)s") if entry.amount > 0 else _("Taken back by %(agency)s")
        return ("check" if entry.amount > 0 else "minus"), title % {"agency": agency_name}
    icon, words = _MOVEMENTS[Kind(entry.kind)]
    return icon, str(words)


def credits_bought(bought: Purchase) -> str:
    """`Bought 100 credits`, or what was bought where it has no credits."""
    if not bought.seconds:
        return _("Bought %(name)s") % {"name": bought.package_name}
    number, shown = _whole_credits(bought)
    return ngettext("Bought %(number)s credit", "Bought %(number)s credits", number) % {"number": shown}


def credits_are_yours(bought: Purchase) -> str:
    """`100 credits are yours`, or that what has no credits is paid."""
    if not bought.seconds:
        return _("%(name)s is paid") % {"name": bought.package_name}
    number, shown = _whole_credits(bought)
    return ngettext("%(number)s credit is yours", "%(number)s credits are yours", number) % {"number": shown}


def credits_sold(number: int, lifetime_days: int | None = None, *, with_minutes: bool = True) -> str:
    """`100 credits · 100 minutes`, with how long they last; that there are none where there are none."""
    if not number:
        return _("Without credits")
    shown = {"shown": number_format(number, 0, force_grouping=True)}
    minutes = ngettext("%(shown)s minute", "%(shown)s minutes", number) % shown if with_minutes else ""
    lasting = lifetime(lifetime_days) if lifetime_days else ""
    return _joined([ngettext("%(shown)s credit", "%(shown)s credits", number) % shown, minutes, lasting])


def lifetime(days: int) -> str:
    """`last 90 days`."""
    return ngettext("last %(days)s day", "last %(days)s days", days) % {"days": number_format(days, 0)}


def price_paid(bought: Purchase) -> str:
    """What a purchase cost its buyer: what came in, that it was free, or the price while nothing came."""
    if bought.is_free:
        return _("Free by promotion code")
    return money(bought.price_minor if bought.paid_minor is None else bought.paid_minor, bought.currency)


def purchase_steps(bought: Purchase) -> list[Step]:
    """What happened to a purchase, oldest first, and what is waited for."""
    known = [(bought.created_at, "done", _("Chosen"))]
    was_paid = False
    for each in bought.history:
        state = Purchase.State(each["state"])
        tone, words = _STEPS[state]
        title = str(words)
        if state == Purchase.State.PAID:
            title, was_paid = _paid_step(bought, was_paid=was_paid), True
        known.append((datetime.fromisoformat(each["at"]), tone, title))
    if bought.receipt_sent_at:
        known.append((bought.receipt_sent_at, "done", _("Receipt sent by e-mail")))
    steps = [Step(tone, title, moment(at)) for at, tone, title in sorted(known)]
    if bought.state == Purchase.State.PENDING:
        awaited = _("The bank sends the money") if bought.awaiting_bank else _("Waiting for the payment")
        steps.append(Step("waiting", awaited))
    return steps


def _paid_step(bought: Purchase, *, was_paid: bool) -> str:
    if was_paid:
        return _("It stays paid")
    return _("Free by promotion code") if bought.is_free else str(_STEPS[Purchase.State.PAID][1])


def _whole_credits(bought: Purchase) -> tuple[int, str]:
    """Packages hold whole credits."""
    number = bought.seconds // SECONDS_PER_CREDIT
    return number, number_format(number, 0, force_grouping=True)


def call_title(call: Call) -> str:
    """Which call: its direction and the masked number."""
    if call.direction == "web":
        return _("Web call")
    if not call.customer_number:
        return _("Call from a hidden number") if call.direction == "inbound" else _("Call")
    words = _("Call to %(number)s") if call.direction == "outbound" else _("Call from %(number)s")
    return words % {"number": masked_phone(call.customer_number)}


def call_icon(call: Call) -> str:
    """An arrow out, an arrow in, or a screen."""
    return {"outbound": "phone-outgoing", "inbound": "phone-incoming", "web": "device-desktop"}.get(
        call.direction, "phone"
    )


def call_state(call: Call) -> str:
    """How the call stands, in one word or two; a word of the provider's that we do not know as it is."""
    return str(_STATES.get(rating.normal(call.status)) or call.status.replace("-", " ").capitalize())


def call_result(call: Call) -> str:
    """Who or what ended it where that is known, else how it stands."""
    return str(_ENDINGS.get(rating.normal(call.end_reason)) or call_state(call))


def call_direction(call: Call) -> str:
    """Which way it went."""
    return direction(call.direction)


def direction(which: str) -> str:
    """Which way calls of this direction go; "" for a word that we do not know."""
    return {"inbound": _("Incoming"), "outbound": _("Outgoing"), "web": _("In the browser")}.get(which, "")


def rounding(call: Call) -> str:
    """The rule that seconds were counted by, frozen with the call."""
    return str(_ROUNDINGS[Call.Rounding(call.rounding)])


def call_meta(call: Call, *, with_day: bool = False) -> str:
    """At what time, how long, with whom. The day is left out where a heading says it."""
    at = call.started_at or call.placed_at
    length = minutes_seconds(call.measured_seconds) if call.measured_seconds else ""
    when = f"{day(day_of(at))} {clock_time(at)}" if with_day else clock_time(at)
    return _joined([when, length, call.assistant_name])


def day_of(at: datetime) -> date:
    """The day in the current time zone."""
    return timezone.localtime(at).date()


def day(which: date) -> str:
    """`Today`, `Yesterday`, `Mon 16 Nov`, and with its year when that is another one."""
    today = timezone.localdate()
    if which == today:
        return _("Today")
    if which == today - timedelta(days=1):
        return _("Yesterday")
    return date_format(which, "D j M" if which.year == today.year else "j M Y")


def clock_time(at: datetime) -> str:
    """`14:02`."""
    return date_format(timezone.localtime(at), "H:i")


def moment(at: datetime) -> str:
    """`Today 14:02`."""
    return f"{day(day_of(at))} {clock_time(at)}"


def _quoted(reason: str) -> str:
    return f"“{reason}”" if reason else ""


def _joined(parts: list[str]) -> str:
    return _DOT.join(part for part in parts if part)
