"""An agency's portal as its clients meet it: people who are signed in, and calls, purchases and time of theirs."""

import itertools
import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client as Visitor
from django.utils import timezone

from agencies.arrivals import arrive
from agencies.models import Agency
from billing import ledger, packages, wallets
from billing.models import LedgerEntry, Package, Purchase
from calls.models import Call, Hold
from clients.models import Client, ClientMember
from organizations import assistants, provisioning
from organizations.models import Organization
from people.models import User
from tenancy import door
from tests.support import hms_says
from tests.support.hms_says import Hms

HTMX = {"HX-Request": "true"}
_serial = itertools.count(1)


def text_of(answer: HttpResponse) -> str:
    """What is read on a page: its text without tags, in single spaces."""
    plain = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return " ".join(plain.replace("&#x27;", "'").replace("&nbsp;", " ").split())


class Person:
    """Somebody of a client, signed in on the portal."""

    def __init__(self, agency: Agency, client: Client, user: User) -> None:
        self.agency, self.client = agency, client
        self.visitor = Visitor(HTTP_HOST=f"{agency.slug}.portal.localhost")
        self.visitor.force_login(user)

    def sees(self, path: str, **how: Any) -> str:
        """The text of a page that is there."""
        answer = self.visitor.get(path, **how)
        assert answer.status_code == 200, answer.status_code
        return text_of(answer)

    def get(self, path: str, **how: Any) -> Any:
        return self.visitor.get(path, **how)

    def post(self, path: str, data: dict[str, Any] | None = None) -> Any:
        return self.visitor.post(path, data or {})


class Portal:
    def __init__(self, agency: Agency, says: Hms) -> None:
        self.agency, self.says = agency, says
        self.switch(on=True)

    def switch(self, *, on: bool) -> None:
        Agency.objects.filter(pk=self.agency.pk).update(portal_is_on=on, portal_on_since=timezone.now())

    def visitor(self) -> Visitor:
        return Visitor(HTTP_HOST=f"{self.agency.slug}.portal.localhost")

    def person(self, name: str = "ben", *, credit: int = 0, is_ready: bool = True) -> Person:
        """A new client with this much time, in seconds; its organization made and equipped, if ready."""
        with door.enter(self.agency):
            user = User.objects.create_user(f"{name}@client.test", "a long enough password", name=name.title())
            client = arrive(user=user, name=name.title())
            if is_ready:
                organization = Organization.objects.get(client=client)
                provisioning.provision(organization.pk)
                assistants.equip(organization.pk)
            if credit:
                hms_says.top_up(client, credit)
            return Person(self.agency, client, user)

    def person_of(self, client: Client) -> Person:
        """Somebody who signs in for a client that is there already."""
        with door.enter(self.agency):
            user = User.objects.create_user(client.email)
            ClientMember.objects.create(client=client, user=user)
            return Person(self.agency, client, user)

    def call(self, person: Person, seconds: int | None = 204, **fields: Any) -> Call:
        """A call that is over and booked."""
        ended = fields.get("ended_at") or timezone.now()
        started = ended - timedelta(seconds=seconds or 0)
        said = {
            "status": "ended",
            "direction": "inbound",
            "customer_number": "+31612347788",
            "assistant_name": "Front desk",
            "placed_at": started,
            "started_at": started,
            "ended_at": ended,
            "measured_seconds": seconds,
            "billed_seconds": seconds,
            "booked_at": ended,
        }
        with door.enter(self.agency):
            organization = Organization.objects.get(client=person.client)
            call = Call.objects.create(organization=organization, hms_id=f"call-{next(_serial)}", **{**said, **fields})
        if call.booked_at and call.billed_seconds:
            self.post(person, -call.billed_seconds, LedgerEntry.Kind.USAGE, "hms", call.hms_id, event_at=ended)
        return call

    def running_call(self, person: Person, *, held: int = 600, **fields: Any) -> Call:
        """A call that was answered a minute ago, with its hold."""
        answered = timezone.now() - timedelta(seconds=61)
        open_ = dict.fromkeys(("ended_at", "booked_at", "measured_seconds", "billed_seconds"))
        now = {"status": "in-progress", "placed_at": answered, "started_at": answered}
        call = self.call(person, None, **{**open_, **now, **fields})
        with door.enter(self.agency):
            Hold.objects.create(
                organization_id=call.organization_id,
                hms_call_id=call.hms_id,
                seconds=held,
                expires_at=timezone.now() + timedelta(hours=1),
            )
            wallets.set_aside(person.client.pk, held)
        return call

    def post(
        self,
        person: Person,
        seconds: int,
        kind: LedgerEntry.Kind,
        source: str = "agency",
        source_id: str = "",
        **fields: Any,
    ) -> None:
        said = {"reason": "", "event_at": None, "livemode": True, **fields}
        with door.enter(self.agency):
            ledger.post(
                client_id=person.client.pk,
                amount=seconds,
                kind=kind,
                source=source,
                source_id=source_id or str(uuid.uuid4()),
                fact={"seconds": seconds},
                actor={"kind": "member", "id": "1", "email": "ada@acme.test"},
                **said,
            )

    def package(self, name: str = "Starter", *, holds: int = 100, price_minor: int = 4000, **fields: Any) -> Package:
        """A package on sale that holds this many credits."""
        with door.enter(self.agency):
            package = packages.save(name=name, credits=holds, price_minor=price_minor, currency="eur")
            proved = {"stripe_price_id": f"price_{next(_serial)}", "price_proved_at": timezone.now()}
            Package.objects.filter(pk=package.pk).update(**{**proved, **fields})
            package.refresh_from_db()
            return package

    def purchase(self, person: Person, state: str = "paid", **fields: Any) -> Purchase:
        """A purchase of 100 credits; booked when it is paid."""
        at: datetime | None = timezone.now() if state == "paid" else None
        package = self.package()
        with door.enter(self.agency):
            bought = Purchase.objects.create(
                client=person.client,
                package=package,
                package_name=package.name,
                seconds=6000,
                price_minor=4000,
                currency="eur",
                livemode=True,
                stripe_price_id=package.stripe_price_id,
                state=state,
                paid_at=at,
                **fields,
            )
        if state == "paid":
            self.post(person, 6000, LedgerEntry.Kind.PURCHASE, "stripe", str(bought.pk))
        return bought


@pytest.fixture
def portal(acme: Agency, says: Hms) -> Portal:
    """Acme's portal, on and connected with HMS."""
    hms_says.connect(says, acme)
    return Portal(acme, says)
