"""Notifications in words: what happened, what it means, and the page where one acts. For the list and for the mails."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agencies import watch
from agencies.directory import Order
from agencies.watch import Alarm
from clients.models import Client
from domains import news
from notifications.models import Kind, Notification
from portal import wording
from portal.templatetags.figures import in_credits, money, percent

Names = Mapping[UUID, str]
_NAMED = 3
_WON, _LOST = "won", "lost"


@dataclass(frozen=True, slots=True)
class Told:
    """A notification in words; `href` leads to where one acts, and `action` says what that is."""

    title: str
    text: str
    href: str
    action: str


def names_of(rows: Iterable[Notification]) -> Names:
    """The names of the clients that these are about. In the agency's schema."""
    ids = {UUID(each) for row in rows for each in row.client_ids}
    return dict(Client.objects.filter(pk__in=ids).values_list("pk", "name"))


def is_still_so(row: Notification) -> bool:
    """Whether a mail may tell it: what is over by the time it is written is not told. In public."""
    if row.kind == Kind.MINUTES:
        return watch.is_on(row.agency_id, Alarm(row.subject))
    return row.kind != Kind.DOMAIN or news.is_still_so(row.agency_id, row.subject)


def told(row: Notification, names: Names, *, slug: str, number: int | None = None) -> Told:
    """The notification in words. `number` is how much of a gathered day is meant; all of it by default."""
    return _WORDS[Kind(row.kind)](_About(row, names, slug, number or row.count))


@dataclass(frozen=True, slots=True)
class _About:
    row: Notification
    names: Names
    slug: str
    number: int

    @property
    def facts(self) -> dict[str, Any]:
        return dict(self.row.facts)

    @property
    def client_ids(self) -> list[UUID]:
        """Those of the clients that are meant, known by id and still there: the latest ones, of a part of the day."""
        ids, count = [UUID(each) for each in self.row.client_ids], self.row.count
        meant = ids if self.number == count else ids[-self.number :] if count <= len(ids) else []
        return [each for each in meant if each in self.names]

    @property
    def who(self) -> str:
        """Whom it is about, by name; the rest is counted."""
        named = [self.names[each] for each in self.client_ids[:_NAMED]]
        more = self.number - len(named)
        if not named:
            return ngettext("%(number)s client", "%(number)s clients", more) % {"number": intcomma(more)}
        if more > 0:
            return _("%(names)s and %(more)s more") % {"names": ", ".join(named), "more": intcomma(more)}
        return ", ".join(named)

    def page(self, name: str, *ids: object) -> str:
        return reverse(f"dashboard:{name}", "portal.urls_platform", [self.slug, *ids])

    def clients(self, order: str = "") -> str:
        """The client, or all of them."""
        if self.number == 1 and self.client_ids:
            return self.page("client", self.client_ids[0])
        return self.page("clients") + order


def _minutes(about: _About) -> Told:
    facts, left = about.facts, intcomma(about.facts["minutes"])
    if facts["alarm"] == Alarm.LOW:
        title = ngettext("%(left)s minute left at HMS", "%(left)s minutes left at HMS", facts["minutes"])
        text = _runway(facts["runway_days"])
    else:
        title = _("Your minutes cover %(share)s of what your clients hold")
        words = _(
            "Your clients hold %(held)s credits, and you have %(left)s minutes at HMS. To deliver all of it you need "
            "%(missing)s minutes more."
        )
        held = in_credits(facts["outstanding_seconds"])
        text = words % {"held": held, "left": left, "missing": intcomma(facts["missing_minutes"])}
        if facts["stops_selling"]:
            text += " " + _("Nothing more is sold until then, as you chose.")
    text += " " + _("Please buy minutes at HMS. We tell you again only when it has been better in between.")
    return Told(title % {"left": left, "share": percent(facts["permille"])}, text, about.page("hms"), _("See minutes"))


def _runway(days: int | None) -> str:
    end = _("When they are used up, no call comes through.")
    if days is None:
        return " ".join([_("Your clients call on these minutes."), end])
    words = ngettext(
        "Your clients call on these minutes. At the pace of the last days they last for %(days)s day.",
        "Your clients call on these minutes. At the pace of the last days they last for %(days)s days.",
        days,
    )
    return " ".join([words % {"days": days}, end])


def _low_balance(about: _About) -> Told:
    title = ngettext("%(number)s client runs low on credits", "%(number)s clients run low on credits", about.number)
    words = _("Below %(line)s credits now: %(who)s. When they are used up, no call starts.")
    text = words % {"line": intcomma(about.facts["credits"]), "who": about.who}
    href = about.clients(f"?order={Order.LEAST.value}")
    return Told(title % {"number": intcomma(about.number)}, text, href, _("See balances"))


def _webhook(about: _About) -> Told:
    words = _("We look up each payment ourselves meanwhile, so credits come later. %(sentence)s")
    text = words % {"sentence": about.facts["sentence"]}
    return Told(_("Stripe's messages do not reach your portal"), text, about.page("payments"), _("Open Payments"))


def _delivery(about: _About) -> Told:
    title = _("A message for %(who)s could not be delivered") % {"who": about.who}
    status = about.facts.get("status")
    said = _("Its webhook answered %(status)s.") % {"status": status} if status else _("Its webhook does not answer.")
    text = " ".join([said, _("We have given up on the message. Look at the address and what it says.")])
    here = about.page("client_webhooks", about.client_ids[0]) if about.client_ids else about.page("clients")
    return Told(title, text, here, _("See the webhook"))


def _domain(about: _About) -> Told:
    facts, named = about.facts, {"name": about.facts["name"]}
    title, text = _DOMAIN[facts["what"]]()
    if facts.get("ends_on"):
        named["ends_on"] = wording.day(date.fromisoformat(facts["ends_on"]))
    parts = [text % named, facts.get("trouble", "")]
    return Told(title % named, " ".join(part for part in parts if part), about.page("address"), _("Open Address"))


_DOMAIN: dict[str, Callable[[], tuple[str, str]]] = {
    news.PROVED: lambda: (
        _("%(name)s is proved"),
        _(
            "We have found your record: %(name)s is yours. Your portal answers there as soon as the certificate is "
            "ready, mostly within a minute. Your old address keeps working."
        ),
    ),
    news.BEATEN: lambda: (
        _("%(name)s belongs to another portal"),
        _(
            "Another portal has proved that %(name)s is its own, so it leads there. If the domain is yours, change the "
            "record at your DNS provider to the one that your dashboard shows."
        ),
    ),
    news.FAILING: lambda: (
        _("%(name)s no longer leads to your portal"),
        _(
            "We have looked three times and not found your record. Your clients are led to your portal's own address "
            "meanwhile. Without the record, %(name)s is switched off on %(ends_on)s."
        ),
    ),
    news.LOST: lambda: (
        _("%(name)s is switched off"),
        _(
            "Your record has been missing for seven days, so %(name)s no longer leads to your portal. Set the record "
            "again and the domain comes back by itself."
        ),
    ),
}


def _dispute(about: _About) -> Told:
    facts, named = about.facts, {"who": about.who, "amount": _amount(about)}
    if facts["status"] == _WON:
        title = _("Dispute over %(amount)s won")
        text = _("The bank decided for you: the money of %(who)s is yours.")
    elif facts["status"] == _LOST:
        title = _("Dispute over %(amount)s lost")
        text = _("The bank decided for %(who)s. The money and its credits are gone.")
    else:
        title = _("Dispute over %(amount)s")
        text = _("The bank of %(who)s wants this payment back. Answer in Stripe before the day that Stripe names.")
    return Told(title % named, text % named, about.page("purchase", facts["purchase"]), _("See the purchase"))


def _refund(about: _About) -> Told:
    facts, named = about.facts, {"who": about.who, "amount": _amount(about)}
    if facts["is_gone"]:
        title, text = _("%(amount)s refunded"), _("To %(who)s. The credits of it were taken back.")
    else:
        title = _("A refund of %(amount)s failed")
        text = _("The money came back to you, and the credits to %(who)s. Agree on another way to pay it back.")
    return Told(title % named, text % named, about.page("purchase", facts["purchase"]), _("See the purchase"))


def _amount(about: _About) -> str:
    return money(about.facts["amount_minor"], about.facts["currency"])


def _new_client(about: _About) -> Told:
    title = ngettext("%(number)s new client", "%(number)s new clients", about.number)
    words = _("Signed up on your portal: %(who)s.")
    return Told(
        title % {"number": intcomma(about.number)}, words % {"who": about.who}, about.clients(), _("See clients")
    )


_WORDS: dict[Kind, Callable[[_About], Told]] = {
    Kind.MINUTES: _minutes,
    Kind.LOW_BALANCE: _low_balance,
    Kind.WEBHOOK: _webhook,
    Kind.DELIVERY: _delivery,
    Kind.DOMAIN: _domain,
    Kind.DISPUTE: _dispute,
    Kind.REFUND: _refund,
    Kind.NEW_CLIENT: _new_client,
}
