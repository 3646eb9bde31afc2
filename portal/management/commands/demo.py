"""A demo agency to look at. Every step asks whether it was done, so the command can run at every start."""

from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from agencies import activation, arrivals, minutes, payments
from agencies.models import Agency
from agencies.opening import open_agency
from billing import packages
from billing.models import Package
from branding import appearance
from calls import rehearsals
from clients.models import ClientMember
from domains import links
from people.models import User
from tenancy import door
from vault import connections
from vault.models import HMSConnection, StripeConnection

SLUG, COMPANY = "harbour", "Harbour Voice"
OWNER, CLIENT = "owner@harbour.example", "client@bakery.example"
PASSWORD = "harbour-voice-demo"  # noqa: S105 - printed on purpose; refused in production together with the sandbox
LOOK = appearance.Look(COMPANY, "#0f766e", "#b45309", support_email="help@harbour.example")
PACKAGES = [("Starter", 100, 4_000, False), ("Team", 500, 18_000, True), ("Scale", 2_000, 64_000, False)]


class Command(BaseCommand):
    help = "Open the demo agency with keys from the local sandbox, unless it is there; print its addresses and logins."

    def handle(self, *args: Any, **options: Any) -> str:
        if not settings.SANDBOX_URL:
            raise CommandError("There is no sandbox here (SANDBOX_URL is not set), so there is nothing to demonstrate.")
        agency = Agency.objects.filter(slug=SLUG).first() or self._open()
        self._connect(agency)
        with door.enter(agency):
            self._offer(agency)
            self._invite()
        if not agency.portal_is_on:
            activation.switch_on(agency)
        return self._greeting(agency)

    def _open(self) -> Agency:
        agency = open_agency(slug=SLUG, company_name=COMPANY, owner=self._person(OWNER, "Olga Owner"))
        appearance.save(agency_id=agency.pk, look=LOOK)
        return Agency.objects.get(pk=agency.pk)

    def _person(self, email: str, name: str) -> User:
        from allauth.account.models import EmailAddress

        user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD, name=name)
        EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
        return user

    def _connect(self, agency: Agency) -> None:
        if not HMSConnection.objects.filter(agency=agency, api_key_sealed__isnull=False).exists():
            given = self._sandbox("hms/organizations", name="Harbour BV", minutes=8_412)
            minutes.connect(agency.pk, given["api_key"])
        stripe = StripeConnection.objects.filter(agency=agency).first() or StripeConnection()
        if not stripe.secret_key_mask:
            keys = self._sandbox("stripe/accounts", business_name=COMPANY)
            payments.connect(agency, publishable_key=keys["publishable_key"], secret_key=keys["secret_key"])
            # The sandbox's minutes cost nobody anything, however long it is looked at.
            rehearsals.allow(agency_id=agency.pk, seconds=rehearsals.MOST_SECONDS)
        if not stripe.webhook_secret_mask:
            payments.set_up_webhook(agency)

    def _offer(self, agency: Agency) -> None:
        secret_key = connections.stripe_secret_key(agency.pk)
        for name, credits, price_minor, is_recommended in PACKAGES:
            package = Package.objects.filter(name=name).first() or packages.save(
                name=name,
                credits=credits,
                price_minor=price_minor,
                currency="eur",
                is_recommended=is_recommended,
            )
            if package.price_proved_at is None:
                packages.prove_price(package_id=package.pk, secret_key=secret_key)

    def _invite(self) -> None:
        with transaction.atomic():
            user = self._person(CLIENT, "Ben Baker")
            if not ClientMember.objects.filter(user=user).exists():
                arrivals.arrive(user=user, name="Ben's Bakery")

    def _sandbox(self, lever: str, **body: Any) -> dict[str, str]:
        answer = httpx.post(f"{settings.SANDBOX_URL}/_sandbox/{lever}", json=body, timeout=10)
        answer.raise_for_status()
        given: dict[str, str] = answer.json()
        return given

    def _greeting(self, agency: Agency) -> str:
        sandbox = settings.STRIPE_CHECKOUT_ORIGIN
        rows = [
            ("An agency's dashboard", links.platform(f"/agencies/{SLUG}/"), f"{OWNER}  {PASSWORD}"),
            ("Its clients' portal", links.portal(agency.pk), f"{CLIENT}  {PASSWORD}"),
            ("Sign up as an agency", links.platform("/account/signup/"), ""),
            ("HMS, Stripe and all mail", f"{sandbox}/", "hands out keys, shows codes, rings numbers"),
            ("Operators' admin", links.absolute(settings.OPERATOR_HOST), "make an operator: manage.py createoperator"),
        ]
        return "\n".join(f"{what:<26}{where:<50}{note}".rstrip() for what, where, note in rows)
