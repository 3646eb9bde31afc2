from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from agencies import addresses
from agencies.models import Agency
from domains.models import Domain
from follow_ups.models import FollowUp
from inbox import stripe_signature
from inbox.models import StripeEvent
from tests.support import stripe_says
from tests.support.stripe_says import Said
from tests.support.stripe_world import Shop
from vault import connections
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db
HOOK = "/api/webhooks/stripe/"
PLATFORM = "portal.localhost"


def posted(said: Said, slug: str = "acme", *, host: str = PLATFORM, **changes: Any) -> Any:
    browser = Browser(enforce_csrf_checks=True, headers={"host": host})
    return browser.post(f"{HOOK}{slug}", **(said.sent | changes))


@pytest.mark.parametrize("slug", ["acme", "acme/"])
def test_trap_14_an_event_is_taken_with_and_without_the_slash(connected: Shop, slug: str) -> None:
    answer = posted(stripe_says.event(), slug)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert StripeEvent.objects.get().agency == connected.agency
    assert FollowUp.objects.get().kind == "stripe_event"


def test_an_answer_to_a_machine_has_a_length_and_headers_and_nothing_for_people(connected: Shop) -> None:
    answer = posted(stripe_says.event())
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"Set-Cookie", "Content-Language", "Vary"} & set(answer.headers)


def test_an_address_that_is_no_hook_gets_the_page_for_it(connected: Shop) -> None:
    answer = posted(stripe_says.event(), "acme/more/of/it")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_trap_02_the_same_event_again_is_taken_as_well(connected: Shop) -> None:
    said = stripe_says.event()
    assert [posted(said).status_code for _ in range(3)] == [200, 200, 200]
    assert StripeEvent.objects.count() == 1


def test_i17_nothing_is_acknowledged_that_is_not_stored(connected: Shop) -> None:
    """What was never stored leaves no trace to find later, so both sides are counted: sent twice, and forged."""
    said = [stripe_says.event() for _ in range(4)]
    forged = [stripe_says.event(secrets=["whsec_Other12345"]) for _ in range(2)]
    acknowledged = [one.event_id for one in [*said, *said[:2], *forged] if posted(one).status_code == 200]
    assert len(acknowledged) == 6
    assert set(acknowledged) == set(StripeEvent.objects.values_list("event_id", flat=True))


def test_trap_06_whoever_is_not_stripe_gets_one_and_the_same_answer(connected: Shop, globex: Agency) -> None:
    said = stripe_says.event()
    answers = [
        posted(said, "nobody-here"),
        posted(said, "globex"),
        posted(stripe_says.event(secrets=["whsec_Other12345"])),
        posted(Said(said.payload + b" ", said.header, said.event_id)),
        posted(said, headers={}),
        posted(said, data=b""),
        posted(said, headers={"Stripe-Signature": "t=1,v1=é"}),
        posted(stripe_says.signed(b"[]")),
        posted(stripe_says.signed(b"\xff")),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (400, b'{"error": "The signature does not fit."}')
    }
    assert not StripeEvent.objects.exists()


def test_trap_11_an_unknown_slug_costs_the_same_queries(connected: Shop, django_assert_num_queries: Any) -> None:
    said = stripe_says.event(secrets=["whsec_Other12345"])
    posted(said)
    for slug in ("acme", "nobody-here", "globex", "acme"):
        with django_assert_num_queries(3):
            posted(said, slug)


def test_every_answer_costs_two_signatures_at_least(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = stripe_signature._hmac
    monkeypatch.setattr(stripe_signature, "_hmac", lambda *given: seen.append(given[2]) or real(*given))
    said = Said(b"{}", "", "")
    for slug, header in (("nobody-here", ""), ("acme", "t=1,v1=" + "0" * 64)):
        seen.clear()
        posted(said, slug, headers={"Stripe-Signature": header})
        assert len(seen) == 2


def test_trap_06_a_body_that_is_too_large_is_not_read(connected: Shop) -> None:
    largest = stripe_says.signed(b" " * stripe_signature.MAX_BYTES)
    assert posted(largest).status_code == 400
    assert posted(stripe_says.signed(b" " * (stripe_signature.MAX_BYTES + 1))).status_code == 413
    assert posted(stripe_says.signed(b" " * 10_000_000), "nobody-here").status_code == 413


class Unreadable:
    def read(self, *_: object) -> bytes:
        raise AssertionError("read")

    readline = read


def test_a_body_that_says_it_is_too_large_is_refused_by_its_length_alone(connected: Shop) -> None:
    said = stripe_says.event()
    length = {"CONTENT_LENGTH": str(stripe_signature.MAX_BYTES + 1), "wsgi.input": Unreadable()}
    assert posted(said, **length).status_code == 413


def test_a_length_that_is_a_lie_does_not_open_the_gate(connected: Shop) -> None:
    said = stripe_says.signed(b" " * (stripe_signature.MAX_BYTES + 1))
    assert posted(said, CONTENT_LENGTH="5").status_code in (400, 413)


def test_only_posts_are_taken(connected: Shop) -> None:
    assert Browser(headers={"host": PLATFORM}).get(f"{HOOK}acme").status_code == 405


@pytest.mark.parametrize("host", ["acme.portal.localhost", "operators.localhost", "127.0.0.1"])
def test_trap_15_only_the_platform_host_takes_events(connected: Shop, host: str) -> None:
    answer = Browser(headers={"host": host}).post(f"{HOOK}acme", **stripe_says.event().sent)
    assert answer.status_code in (302, 404)
    assert not StripeEvent.objects.exists()


def test_trap_11_a_portal_that_is_off_still_takes_what_was_paid(connected: Shop) -> None:
    assert not connected.agency.portal_is_on
    assert posted(stripe_says.event()).status_code == 200


@pytest.mark.parametrize("state", [Agency.State.CLOSING, Agency.State.CLOSED])
def test_trap_11_an_agency_that_closes_loses_no_event(connected: Shop, state: str) -> None:
    Agency.objects.filter(pk=connected.agency.pk).update(state=state)
    assert posted(stripe_says.event()).status_code == 200
    assert StripeEvent.objects.exists()


def test_an_event_of_another_mode_is_kept_too(connected: Shop) -> None:
    assert posted(stripe_says.event(livemode=True)).status_code == 200
    assert StripeEvent.objects.get().livemode


def test_trap_05_the_replaced_secret_is_accepted_for_a_day(connected: Shop) -> None:
    connections.save_stripe_keys(agency_id=connected.agency.pk, webhook_secret="whsec_NewerNewer4")
    assert posted(stripe_says.event()).status_code == 200
    assert posted(stripe_says.event(secrets=["whsec_NewerNewer4"])).status_code == 200
    assert posted(stripe_says.event(secrets=[stripe_says.SECRET, "whsec_NewerNewer4"])).status_code == 200
    StripeConnection.objects.update(previous_webhook_secret_until=timezone.now())
    assert posted(stripe_says.event()).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b'{ "id":"evt_1" ,\t"type" : "x.y",\r\n\n "created":1790000000,"livemode":false,"data":{ }  }  \n',
        b'{"id":"evt_1","type":"x.y","created":1790000000,"livemode":false,"data":{"name":"\\u00e9\\ud83d\\ude00","n":1.10}}',
        '{"id":"evt_1","type":"x.y","created":1790000000,"livemode":false,"data":{"name":"é"},"id":"evt_1"}'.encode(),
    ],
)
def test_trap_04_spaces_and_escapes_are_kept_as_they_were_signed(connected: Shop, body: bytes) -> None:
    assert posted(stripe_says.signed(body)).status_code == 200
    assert bytes(StripeEvent.objects.get().payload) == body


def test_trap_07_a_signature_of_tomorrow_is_refused(connected: Shop) -> None:
    assert posted(stripe_says.event(at=timezone.now() + timedelta(days=1))).status_code == 400
    assert not StripeEvent.objects.exists()


def test_trap_08_an_event_of_three_weeks_ago_that_is_sent_again_is_taken_once(connected: Shop) -> None:
    said = stripe_says.event(created_at=timezone.now() - timedelta(days=20))
    assert [posted(said).status_code for _ in range(2)] == [200, 200]
    assert FollowUp.objects.filter(kind="stripe_event").count() == 1


def test_trap_09_a_body_signed_for_one_agency_is_refused_by_another(connected: Shop, globex: Agency) -> None:
    connections.save_stripe_keys(
        agency_id=globex.pk, secret_key=stripe_says.SECRET_KEY, webhook_secret="whsec_OfGlobexAlone"
    )
    assert posted(stripe_says.event(), "globex").status_code == 400
    assert not StripeEvent.objects.exists()


def test_trap_11_an_unknown_slug_reads_like_a_bad_signature(connected: Shop) -> None:
    unknown, bad = posted(stripe_says.event(), "nobody-here"), posted(stripe_says.event(secrets=["whsec_Other12345"]))
    assert (unknown.status_code, unknown.content) == (bad.status_code, bad.content)


def test_an_event_for_a_former_slug_is_received_for_that_agency_and_never_redirected(connected: Shop) -> None:
    addresses.change_slug(agency_id=connected.agency.pk, slug="acme-voice")
    for slug in ("acme", "acme/", "acme-voice"):
        assert posted(stripe_says.event(), slug).json() == {"received": True}
    assert set(StripeEvent.objects.values_list("agency_id", flat=True)) == {connected.agency.pk}
    assert StripeEvent.objects.count() == 3


def test_a_former_slug_is_refused_like_an_unknown_one_once_its_time_is_over(connected: Shop) -> None:
    addresses.change_slug(agency_id=connected.agency.pk, slug="acme-voice")
    former = Domain.objects.get(domain="acme.portal.localhost")
    addresses.give_way(domain_id=former.pk, now=timezone.now() + timedelta(days=91))
    over, unknown = posted(stripe_says.event()), posted(stripe_says.event(), "nobody-here")
    assert (over.status_code, over.content) == (unknown.status_code, unknown.content) == (400, unknown.content)


def test_trap_15_an_agencys_own_domain_takes_no_events(connected: Shop) -> None:
    Domain.objects.create(tenant=connected.agency, domain="calls.acme.test", is_primary=False)
    answer = Browser(headers={"host": "calls.acme.test"}).post(f"{HOOK}acme", **stripe_says.event().sent)
    assert answer.status_code == 404
    assert not StripeEvent.objects.exists()
