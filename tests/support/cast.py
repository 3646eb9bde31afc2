"""The people of every permission story.

Ada owns acme, Gus owns globex. Ben and Bob are clients of acme, Zoe is a client of globex. Nobody is not signed in.
"""

import json
from datetime import timedelta
from uuid import UUID

from django.test import Client as Visitor
from django.utils import timezone

from agencies import client_invitations, client_notes, invitations
from agencies.arrivals import arrive
from agencies.models import Agency, CallTerms, Membership
from billing import ledger
from billing.models import LedgerEntry, Package, Purchase
from calls.models import Call
from clients.models import Client
from domains import verification
from hms_client import webhooks
from notifications.models import Notification
from organizations import deliveries, documents
from organizations.models import Organization
from people.models import User
from tenancy import door
from vault import api_tokens

PLATFORM_HOST = "portal.localhost"


class Cast:
    """Signed-in visitors, and the ids of what belongs to Ben."""

    def __init__(self, acme: Agency, globex: Agency) -> None:
        self.acme, self.globex = acme, globex
        for agency in (acme, globex):
            Agency.objects.filter(pk=agency.pk).update(portal_is_on=True, portal_on_since=timezone.now())
            agency.portal_is_on = True
        self.public = {name: User.objects.get(email=mail) for name, mail in _OWNERS.items()}
        self.inside: dict[str, tuple[Agency, User]] = {}
        with door.enter(acme):
            ben = self._client_of(acme, "ben", "Ben's Bakery")
            self._client_of(acme, "bob", "Bob's Bikes")
            self.ids_of_acme = self._belongings(ben)
        self.ids_of_acme["notice_id"] = Notification.objects.get(agency=acme).pk
        self.ids_of_acme["terms_id"] = _planned_terms(acme)
        _planned_terms(globex)
        self.ids_of_acme["domain_id"] = verification.claim(agency_id=acme.pk, typed="portal.acme.test").pk
        verification.claim(agency_id=globex.pk, typed="canary.globex.test")
        self.ids_of_acme["member_id"] = Membership.objects.get(agency=acme, user=self.public["ada"]).pk
        self.ids_of_acme["invitation_id"] = _invited(acme, "mia@acme.test")
        _invited(globex, "canary@globex.test")
        with door.enter(globex):
            zoe = self._client_of(globex, "zoe", "CANARY of Zoe")
            self._belongings(zoe)

    def on_platform(self, name: str) -> Visitor:
        """The platform host as this person sees it; a client's session of some portal is carried along."""
        visitor = Visitor(HTTP_HOST=PLATFORM_HOST)
        if name in self.public:
            visitor.force_login(self.public[name])
        elif name in self.inside:
            self._carry_session(visitor, name)
        return visitor

    def on_portal_of_acme(self, name: str) -> Visitor:
        """Acme's portal as this person sees it; whoever is signed in elsewhere brings that session's cookie."""
        visitor = Visitor(HTTP_HOST=f"acme.{PLATFORM_HOST}")
        if name in self.inside:
            self._carry_session(visitor, name)
        elif name in self.public:
            visitor.force_login(self.public[name])
        return visitor

    def _client_of(self, agency: Agency, name: str, company: str) -> Client:
        user = User.objects.create_user(f"{name}@client.test", "a long enough password", name=name.title())
        self.inside[name] = (agency, user)
        return arrive(user=user, name=company)

    def _carry_session(self, visitor: Visitor, name: str) -> None:
        agency, user = self.inside[name]
        with door.enter(agency):
            visitor.force_login(user)

    def _belongings(self, client: Client) -> dict[str, object]:
        now = timezone.now()
        organization = Organization.objects.get(client=client)
        call = Call.objects.create(
            organization=organization,
            hms_id="call-1",
            status="ended",
            direction="inbound",
            assistant_name=client.name,
            placed_at=now,
            started_at=now,
            ended_at=now,
            measured_seconds=60,
            billed_seconds=60,
        )
        package = Package.objects.create(name=client.name, credits=100, price_minor=4000)
        purchase = Purchase.objects.create(
            client=client,
            package=package,
            package_name=package.name,
            seconds=6000,
            price_minor=4000,
            currency="eur",
            livemode=False,
            stripe_price_id="price_1",
        )
        ledger.post(
            client_id=client.pk,
            amount=600,
            kind=LedgerEntry.Kind.ALLOCATION,
            source="agency",
            source_id="welcome",
            fact={"reason": client.name},
            livemode=False,
            actor={"kind": "member", "id": "1", "email": "ada@acme.test"},
            reason=client.name,
        )
        token = api_tokens.issue(
            client_id=client.pk, name=client.name, scopes=list(api_tokens.Scope), actor={"kind": "client"}
        )
        message = {"type": "status-update", "call": {"id": client.name}}
        signed = json.dumps({"message": message}).encode()
        delivery_id = deliveries.begin(
            organization_id=organization.pk, event=webhooks.parse(signed), body=signed, is_asked=True, now=now
        )
        document = documents.add(
            organization_id=organization.pk,
            name=f"{client.name}.txt",
            content=client.name.encode(),
            language="english",
            added_by="ada@acme.test",
        )
        documents.read(document.pk)
        # Somebody else, who has nothing of this client's but the canary.
        asked = "canary" if "CANARY" in client.name else "somebody"
        ids: dict[str, UUID | int] = {
            # Of the entry above, an undoable one.
            "version": 1,
            "client_id": client.pk,
            "call_id": call.pk,
            "package_id": package.pk,
            "purchase_id": purchase.pk,
            "token_id": token.row.pk,
            "delivery_id": delivery_id,
            "document_id": document.pk,
            "invite_id": client_invitations.invite(
                email=f"{asked}@asked.test", name=asked, credits=0, invited_by={}
            ).pk,
            "note_id": client_notes.write(client_id=client.pk, text=client.name, actor={}).pk,
        }
        return dict(ids)


def _planned_terms(agency: Agency) -> int:
    return CallTerms.objects.create(
        agency=agency, from_at=timezone.now() + timedelta(days=9), rounding=60, cost_micro_per_minute=70_000
    ).pk


def _invited(agency: Agency, email: str) -> UUID:
    return invitations.invite(
        agency_id=agency.pk, email=email, role=Membership.Role.VIEWER, invited_by={"email": "ada@acme.test"}
    ).pk


_OWNERS = {"ada": "ada@acme.test", "gus": "gus@globex.test"}
