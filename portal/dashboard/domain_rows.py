"""An agency's hosts as the page about its address shows them: words, marks and records, made of what is stored."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies import addresses, own_domains, webhook_proof
from agencies.models import Agency
from agencies.own_domains import Hosts, Standing
from domains import doctor, links, names, records
from domains.findings import Code
from domains.models import Domain
from domains.records import Record
from portal import wording
from vault.models import StripeConnection

# Tone and drawing of the badge.
_MARKS = {
    Standing.WAITING: ("warn", "clock"),
    Standing.BEATEN: ("wrong", "alert-circle"),
    Standing.PROVED: ("in", "check"),
    Standing.ACTIVE: ("in", "lock"),
    Standing.FAILING: ("wrong", "alert-triangle"),
    Standing.LOST: ("wrong", "circle-off"),
    Standing.RELEASED: ("neutral", "archive"),
}
_BADGES = {
    Standing.WAITING: gettext_lazy("Waiting for the record"),
    Standing.BEATEN: gettext_lazy("Another portal has it"),
    Standing.PROVED: gettext_lazy("Proved, certificate on its way"),
    Standing.ACTIVE: gettext_lazy("Secure and active"),
    Standing.FAILING: gettext_lazy("Failing"),
    Standing.LOST: gettext_lazy("Lost"),
    Standing.RELEASED: gettext_lazy("Released"),
}
_MEANINGS = {
    Standing.BEATEN: gettext_lazy(
        "Another portal has proved this name, so it leads there. If it is yours, set the record below in place of "
        "theirs: it comes to you a few hours after theirs is gone. If not, release it."
    ),
    Standing.LOST: gettext_lazy(
        "It does not lead to your portal any more. Set the record below again and it comes back by itself."
    ),
}
_BY_TXT = (Code.APEX_NOT_FLATTENED, Code.PROVED_BY_TXT)


@dataclass(frozen=True, slots=True)
class Shown:
    """A domain as it is shown.

    `meaning` explains the badge where it does not say what to do; `finding` is what the doctor said, "" before the
    first look; `ends` what happens if nothing changes, and when;
    `leads_to` the host that it leads on to, if so. `mark` changes whenever the standing or the look does.
    """

    domain: Domain
    standing: Standing
    tone: str
    icon: str
    badge: str
    since: str
    meaning: str
    finding: str
    looks: str
    ends: str
    leads_to: str
    mark: str

    @property
    def key(self) -> str:
        """What its elements are called by: a number would get its thousands divided."""
        return str(self.domain.pk)

    @property
    def is_released(self) -> bool:
        return self.standing is Standing.RELEASED

    @property
    def is_waiting(self) -> bool:
        """Whether the next minutes are likely to change something."""
        return self.standing in (Standing.WAITING, Standing.PROVED)

    @property
    def needs_record(self) -> bool:
        """Whether the records are what this is about now."""
        return not self.domain.is_served or self.standing is Standing.FAILING

    @property
    def may_be_primary(self) -> bool:
        return self.standing is Standing.ACTIVE and not self.domain.is_primary

    @property
    def was_proved(self) -> bool:
        """Whether giving it back leaves a trace."""
        return self.domain.verified_at is not None

    @property
    def zone(self) -> str:
        return names.zone_of(self.domain.domain)

    @property
    def is_apex(self) -> bool:
        """Whether it is the top of its zone, where no ordinary CNAME can stand."""
        return self.zone == self.domain.domain

    @property
    def by_txt(self) -> bool:
        """Whether the TXT record is what this domain needs, or has."""
        finding = self.domain.finding
        is_missing = finding.get("code") == Code.NO_RECORD and finding["facts"]["missing"] == "txt"
        return self.is_apex or is_missing or finding.get("code") in _BY_TXT

    @property
    def cname(self) -> Record:
        return records.cname(self.domain)

    @property
    def proof(self) -> Record:
        return records.flattened(self.domain)[0]

    @property
    def addresses(self) -> list[Record]:
        return records.flattened(self.domain)[1:]


@dataclass(frozen=True, slots=True)
class SlugEffect:
    """What another slug changes. `webhook_url` is "" while Stripe sends nothing; `main_host` is the main one if that is
    another than the slug's."""

    slug: str
    portal_url: str
    webhook_url: str
    leads_until: str
    main_host: str


def shown(domain: Domain, *, hosts: Hosts, look_at: datetime | None) -> Shown:
    """A domain among its agency's hosts; `look_at` is when we look at it next."""
    stands = own_domains.standing(domain)
    tone, icon = _MARKS[stands]
    leads_on = domain.is_served and not domain.is_primary
    return Shown(
        domain=domain,
        standing=stands,
        tone=tone,
        icon=icon,
        badge=_badge(stands),
        since=_since(own_domains.since(domain)),
        meaning=str(_MEANINGS.get(stands, "")),
        finding="" if stands is Standing.RELEASED else _finding(domain),
        looks=_looks(domain, look_at),
        ends=_ends(domain, stands),
        leads_to=hosts.primary.shown if leads_on else "",
        mark=f"{stands.value}:{domain.checked_at.timestamp() if domain.checked_at else 0}",
    )


def slug_effect(agency: Agency, slug: str) -> SlugEffect:
    """What changes with this slug, which the agency may have."""
    stripe = StripeConnection.objects.filter(agency_id=agency.pk, webhook_secret_sealed__isnull=False)
    primary = own_domains.hosts(agency.pk).primary
    return SlugEffect(
        slug=slug,
        portal_url=links.absolute(links.slug_host(slug)),
        webhook_url=webhook_proof.webhook_url_of(slug) if stripe.exists() else "",
        leads_until=_long_day(timezone.now() + addresses.GIVES_WAY_AFTER),
        main_host=primary.shown if primary.kind == Domain.Kind.CUSTOM else "",
    )


def slug_ending() -> str:
    """What follows every slug."""
    return links.slug_host("")


def _badge(stands: Standing) -> str:
    if stands is Standing.ACTIVE and settings.PUBLIC_SCHEME != "https":
        return _("Active")
    return str(_BADGES[stands])


def _since(at: datetime) -> str:
    is_today = wording.day_of(at) == timezone.localdate()
    return _("since %(when)s") % {"when": wording.clock_time(at) if is_today else wording.moment(at)}


def _finding(domain: Domain) -> str:
    return doctor.words(doctor.read(domain.finding)) if domain.finding else ""


def _looks(domain: Domain, look_at: datetime | None) -> str:
    """When it was looked at, and when it is looked at again."""
    if domain.state == Domain.State.RELEASED:
        return ""
    when = wording.moment(look_at) if look_at and look_at > timezone.now() else _("in a moment")
    coming = _("Next look: %(when)s") % {"when": when}
    if domain.checked_at is None or not domain.finding:
        return coming
    return f"{_('Last look: %(when)s') % {'when': wording.moment(domain.checked_at)}} · {coming}"


def _ends(domain: Domain, stands: Standing) -> str:
    at = own_domains.ends_at(domain)
    if at is None:
        return ""
    words = {
        Standing.WAITING: _("Without the record, we stop looking on %(day)s and forget this claim."),
        Standing.BEATEN: _("Without the record, we stop looking on %(day)s and forget this claim."),
        Standing.FAILING: _("Without the record, it is switched off on %(day)s."),
        Standing.RELEASED: _("Kept for you until %(day)s: only you can add it again. After that it is anybody's."),
    }[stands]
    return words % {"day": _long_day(at)}


def _long_day(at: datetime) -> str:
    return date_format(timezone.localtime(at))
