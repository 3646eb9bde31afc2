"""Buyers, banks, Stripe, HMS, the agency and crashes against one agency, in any order, beside a model of a few lines.

Stripe is the sandbox over real sockets, and its events come signed, late, twice, altered or not at all. After each
step every wallet is what the model says and the ledger proves itself; once the sweep has run, nothing differs from
Stripe.
"""

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import httpx
import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from agencies import allocation, reconciliation, sweep
from agencies.models import Agency, Discrepancy
from billing import expiry, proof, purchases, refunds, wallets
from billing.checkout_options import Options
from billing.models import LedgerEntry, Package, Purchase, Wallet
from billing.stripe_shapes import StripeRefused
from calls import booking
from calls.rating import Terms
from clients.models import Client
from hms_client import Call as HmsCall
from inbox import stripe_events, stripe_signature
from inbox.models import StripeEvent
from organizations.models import Organization
from portal.jobs import stripe as jobs
from tenancy import door, template
from tests.support import stripe_says
from tests.support.booking import ADA
from tests.support.stripe_world import Sandbox, Shop, connect, with_price

TERMS = Terms(rounding=1, cost_micro_per_minute=70_000, livemode=False)
PRICE, SECONDS = 4000, 6000
STEPS = ["withdraw", "reinstate", "win", "lose", "escalate", "end_inquiry"]


class Killed(BaseException):
    """The process is gone: nothing of ours catches this."""


@dataclass
class Payment:
    """What Stripe knows of a purchase, and how much of that the portal has been told."""

    client: int
    session: str
    intent: str = ""
    paid: bool = False
    waits_for_bank: bool = False
    refunds: dict[str, int] = field(default_factory=dict)
    disputes: dict[str, int] = field(default_factory=dict)
    credited: bool = False
    returned: int = 0

    def is_told_of_the_session(self) -> None:
        self.credited |= self.paid

    def is_told_of_what_went_back(self) -> None:
        self.is_told_of_the_session()
        if self.credited:
            self.returned = sum(self.refunds.values()) + sum(self.disputes.values())

    @property
    def seconds(self) -> int:
        return (SECONDS - SECONDS * min(self.returned, PRICE) // PRICE) if self.credited else 0


class MoneyMachine(RuleBasedStateMachine):
    agency: Agency
    stripe: Sandbox

    @initialize()
    def start(self) -> None:
        connection.set_schema_to_public()
        StripeEvent.objects.filter(agency=self.agency).delete()
        Discrepancy.objects.filter(agency=self.agency).delete()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA "{self.agency.schema_name}" CASCADE')
        with transaction.atomic():
            template.create_schema(self.agency.schema_name)
        self.shop: Shop = with_price(connect(self.agency, self.stripe.open_account()))
        self.inside = door.enter(self.agency)
        self.inside.__enter__()
        Package.objects.update(lifetime_days=30)
        other = Client.objects.create(name="Zoe", email="zoe@client.test")
        self.clients = [self.shop.client, other]
        for one in self.clients:
            Organization.objects.create(client=one, hms_name=str(one.pk))
        self.payments: list[Payment] = []
        self.applied: set[str] = set()
        self.given = [0, 0]
        self.held = [0, 0]
        self.calls: dict[str, tuple[int, int]] = {}
        self.expired = [0, 0]
        self.numbers = itertools.count(1)
        self.later = timezone.now()

    def teardown(self) -> None:
        self.inside.__exit__(None, None, None)

    # --- Buyers and banks -------------------------------------------------------------------------------------------

    @rule(client=st.integers(0, 1))
    def buy(self, client: int) -> None:
        token = uuid4()
        for _double_click in range(2):
            purchases.start(
                client_id=self.clients[client].pk,
                package_id=self.shop.package.pk,
                form_token=token,
                account_id=self.shop.keys["account_id"],
                livemode=False,
                created_by="ben@client.test",
                email="ben@client.test",
                success_url="http://own.test/?session_id={CHECKOUT_SESSION_ID}",
                cancel_url="http://own.test/",
                options=Options(),
                secret_key=self.shop.secret_key,
            )
        session = Purchase.objects.get(form_token=token).stripe_session_id
        assert session
        self.payments.append(Payment(client, session))

    @precondition(lambda self: any(not one.intent for one in self.payments))
    @rule(data=st.data(), method=st.sampled_from(["card", "card", "bank_debit"]))
    def pay(self, data: st.DataObject, method: str) -> None:
        payment = data.draw(st.sampled_from([one for one in self.payments if not one.intent]))
        self.stripe.pay(payment.session, method=method)
        payment.paid, payment.waits_for_bank = method == "card", method != "card"
        payment.intent = self.ask("GET", f"checkout/sessions/{payment.session}")["payment_intent"]

    @precondition(lambda self: any(one.waits_for_bank for one in self.payments))
    @rule(data=st.data(), pays=st.booleans())
    def bank_answers(self, data: st.DataObject, pays: bool) -> None:
        payment = data.draw(st.sampled_from([one for one in self.payments if one.waits_for_bank]))
        self.stripe.turn(f"stripe/sessions/{payment.session}/bank", outcome="succeeded" if pays else "failed")
        payment.waits_for_bank, payment.paid = False, pays

    @precondition(lambda self: any(one.paid for one in self.payments))
    @rule(data=st.data(), minor=st.integers(1, PRICE))
    def refund_at_stripe(self, data: st.DataObject, minor: int) -> None:
        payment = data.draw(st.sampled_from([one for one in self.payments if one.paid]))
        params = {"payment_intent": payment.intent, "amount": minor}
        made = self.try_to("POST", "refunds", **params)
        if made is not None:
            payment.refunds[made["id"]] = minor

    @precondition(lambda self: any(one.credited for one in self.payments))
    @rule(data=st.data(), minor=st.integers(1, PRICE))
    def refund_here(self, data: st.DataObject, minor: int) -> None:
        payment = data.draw(st.sampled_from([one for one in self.payments if one.credited]))
        try:
            made = refunds.create(
                purchase_id=self.purchase(payment).pk,
                amount_minor=minor,
                reason="Asked for by Ben",
                actor=ADA,
                form_token=uuid4(),
                secret_key=self.shop.secret_key,
            )
        except (refunds.NotRefundable, refunds.MoreThanIsLeft, StripeRefused):
            return
        payment.refunds[made.stripe_id] = minor
        payment.returned += minor

    @precondition(lambda self: any(any(one.refunds.values()) for one in self.payments))
    @rule(data=st.data())
    def a_refund_fails(self, data: st.DataObject) -> None:
        stands = [(one, id_) for one in self.payments for id_, minor in one.refunds.items() if minor]
        payment, refund_id = data.draw(st.sampled_from(stands))
        self.stripe.turn(f"stripe/refunds/{refund_id}/fail")
        payment.refunds[refund_id] = 0

    @precondition(lambda self: any(one.paid and not one.disputes for one in self.payments))
    @rule(data=st.data(), inquiry=st.booleans())
    def dispute(self, data: st.DataObject, inquiry: bool) -> None:
        payment = data.draw(st.sampled_from([one for one in self.payments if one.paid and not one.disputes]))
        payment.disputes[self.stripe.dispute(payment.intent, inquiry=inquiry)] = 0

    @precondition(lambda self: any(one.disputes for one in self.payments))
    @rule(data=st.data(), step=st.sampled_from(STEPS))
    def the_bank_goes_on(self, data: st.DataObject, step: str) -> None:
        payment = data.draw(st.sampled_from([one for one in self.payments if one.disputes]))
        (dispute_id,) = payment.disputes
        if self.stripe.tries_to_turn(f"stripe/disputes/{dispute_id}/{step}"):
            change = {"withdraw": PRICE, "reinstate": -PRICE}.get(step, 0)
            payment.disputes[dispute_id] = max(payment.disputes[dispute_id] + change, 0)

    # --- News -------------------------------------------------------------------------------------------------------

    @rule(data=st.data(), copies=st.integers(1, 3))
    def an_event_arrives(self, data: st.DataObject, copies: int) -> None:
        event = self.draw_event(data)
        if event is not None:
            for _ in range(copies):
                jobs.apply(event_pk=self.receive(event))
            if event["id"] not in self.applied:
                self.told(event)

    @rule(data=st.data())
    def an_altered_event_arrives(self, data: st.DataObject) -> None:
        event = self.draw_event(data)
        if event is None:
            return
        said = self.signed(event)
        before = StripeEvent.objects.count()
        for payload, header in ((said.payload[:-3], said.header), (said.payload, said.header.replace("v1=", "v0="))):
            with pytest.raises(stripe_signature.InvalidSignature):
                self.store(payload, header)
        assert StripeEvent.objects.count() == before

    @rule(data=st.data())
    def the_worker_dies_before_the_commit(self, data: st.DataObject) -> None:
        event = self.draw_event(data)
        if event is not None:
            with mock.patch.object(stripe_events, "applied", side_effect=Killed):
                pk = self.receive(event)
                if StripeEvent.objects.get(pk=pk).state in ("received", "failed"):
                    try:
                        jobs.apply(event_pk=pk)
                    except Killed:
                        return
                    raise AssertionError("an event of ours is applied")

    @rule(data=st.data())
    def the_answer_is_lost_after_the_commit(self, data: st.DataObject) -> None:
        """Stripe sends the same again, and the job comes a second time."""
        event = self.draw_event(data)
        if event is not None:
            pk = self.receive(event)
            jobs.apply(event_pk=pk)
            assert self.receive(event) == pk
            jobs.apply(event_pk=pk, again=True)
            self.told(event)

    @rule(data=st.data())
    def the_buyer_comes_back(self, data: st.DataObject) -> None:
        if self.payments:
            payment = data.draw(st.sampled_from(self.payments))
            purchases.refresh(purchase_id=self.purchase(payment).pk, secret_key=self.shop.secret_key)
            payment.is_told_of_the_session()

    @rule()
    def the_sweep_runs_and_nothing_differs_from_stripe(self) -> None:
        sweep.sweep(secret_key=self.shop.secret_key)
        for event in StripeEvent.objects.filter(agency=self.agency, state__in=("received", "failed")):
            jobs.apply(event_pk=event.pk)
        self.applied |= set(StripeEvent.objects.filter(agency=self.agency).values_list("event_id", flat=True))
        for payment in self.payments:
            payment.is_told_of_what_went_back()
        since = timezone.now() - timedelta(days=1)
        report = reconciliation.look(secret_key=self.shop.secret_key, since=since)
        assert report.findings == [], report.findings

    # --- Time, people and calls -------------------------------------------------------------------------------------

    @rule(client=st.integers(0, 1), seconds=st.integers(1, 9000), number=st.integers(0, 5), live=st.booleans())
    def a_call_is_told(self, client: int, seconds: int, number: int, live: bool) -> None:
        """Running, over, told again, or measured again; each call belongs to one client for good."""
        id_ = f"call-{number}"
        client = self.calls.get(id_, (client, 0))[0]
        self.later += timedelta(seconds=1)
        said = {"id": id_, "status": "in-progress" if live else "ended", "created_at": self.later.isoformat()}
        over = {} if live else {"ended_at": self.later.isoformat(), "duration_seconds": seconds}
        organization = Organization.objects.get(client=self.clients[client])
        for _ in range(2):
            booking.book(
                organization=organization, told=[HmsCall.from_json(said | over)], terms=TERMS, asked_at=self.later
            )
        self.calls[id_] = client, self.calls.get(id_, (0, 0))[1] if live else seconds

    @rule(client=st.integers(0, 1), seconds=st.integers(-4000, 4000).filter(bool))
    def allocate(self, client: int, seconds: int) -> None:
        token = uuid4()
        for _double_click in range(2):
            try:
                allocation.allocate(
                    client_id=self.clients[client].pk,
                    seconds=seconds,
                    description="By hand",
                    form_token=token,
                    actor=ADA,
                )
            except allocation.MoreThanAvailable:
                return
        self.given[client] += seconds

    @rule(client=st.integers(0, 1), seconds=st.integers(0, 3000))
    def hold(self, client: int, seconds: int) -> None:
        try:
            wallets.set_aside(self.clients[client].pk, seconds)
        except wallets.NotEnoughAvailable:
            return
        self.held[client] += seconds

    @rule(client=st.integers(0, 1))
    def let_go(self, client: int) -> None:
        wallets.give_back(self.clients[client].pk, self.held[client])
        self.held[client] = 0

    @rule(client=st.integers(0, 1), days=st.sampled_from([0, 29, 31]))
    def credits_expire(self, client: int, days: int) -> None:
        at = datetime.now(UTC) + timedelta(days=days)
        for _twice in range(2):
            expiry.expire(self.clients[client].pk, at)
        taken = LedgerEntry.objects.filter(wallet_id=self.clients[client].pk, kind="expiry")
        self.expired[client] = -sum(taken.values_list("amount", flat=True))

    # --- What holds -------------------------------------------------------------------------------------------------

    @invariant()
    def every_wallet_is_what_the_model_says(self) -> None:
        for number, client in enumerate(self.clients):
            wallet = Wallet.objects.filter(pk=client.pk).first() or Wallet()
            bought = sum(one.seconds for one in self.payments if one.client == number)
            talked = sum(seconds for owner, seconds in self.calls.values() if owner == number)
            expected = bought + self.given[number] - talked - self.expired[number]
            assert (wallet.balance, wallet.held) == (expected, self.held[number])

    @invariant()
    def the_ledger_is_proved(self) -> None:
        held = {client.pk: seconds for client, seconds in zip(self.clients, self.held, strict=True)}
        assert proof.verify(open_holds=lambda ids: held).findings == []

    # --- Short ways -------------------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, **params: Any) -> Any:
        return self.stripe.ask(self.shop.secret_key, method, path, **params)

    def try_to(self, method: str, path: str, **params: Any) -> Any:
        """The answer, or None when Stripe refuses."""
        try:
            return self.ask(method, path, **params)
        except httpx.HTTPStatusError as refused:
            if refused.response.status_code != 400:
                raise
            return None

    def purchase(self, payment: Payment) -> Purchase:
        return Purchase.objects.get(stripe_session_id=payment.session)

    def draw_event(self, data: st.DataObject) -> dict[str, Any] | None:
        """Any event that an endpoint would get, however old."""
        events = [one for one in self.ask("GET", "events", limit=100)["data"] if self.payment_of(one) is not None]
        return data.draw(st.sampled_from(events)) if events else None

    def payment_of(self, event: dict[str, Any]) -> Payment | None:
        about = event["data"]["object"]
        if event["type"].startswith("checkout.session."):
            return next((one for one in self.payments if one.session == about["id"]), None)
        if event["type"].startswith(("refund.", "charge.refund", "charge.dispute.")):
            return next((one for one in self.payments if one.intent == about["payment_intent"]), None)
        return None

    def signed(self, event: dict[str, Any]) -> stripe_says.Said:
        return stripe_says.signed(json.dumps(event).encode(), event_id=event["id"])

    def receive(self, event: dict[str, Any]) -> int:
        said = self.signed(event)
        return self.store(said.payload, said.header)

    def store(self, payload: bytes, header: str) -> int:
        return stripe_events.receive(
            agency_id=self.agency.pk, payload=payload, header=header, secrets=[stripe_says.SECRET], now=timezone.now()
        ).id

    def told(self, event: dict[str, Any]) -> None:
        """What was known of its payment when it was applied: an event that is settled is not applied again."""
        self.applied.add(event["id"])
        payment = self.payment_of(event)
        assert payment is not None
        if event["type"].startswith("checkout.session."):
            payment.is_told_of_the_session()
        else:
            payment.is_told_of_what_went_back()


def test_money_does_what_its_model_does(own_agency: Agency, stripe: Sandbox) -> None:
    machine = type("Machine", (MoneyMachine,), {"agency": own_agency, "stripe": stripe})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            database=None,
            phases=[Phase.generate],
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
