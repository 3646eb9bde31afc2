"""Names that are not the agency's are found wherever visitors and readers of mails get them, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.utils import timezone

from agencies.models import Agency
from billing import packages
from branding import leaks
from branding.models import Branding, LeakCheck, MailServer
from domains.models import Domain, State
from portal.jobs import KINDS
from tenancy import door
from vault import connections

pytestmark = pytest.mark.django_db
OWN_HOST = "voice.acme.test"


@pytest.fixture
def clean(acme: Agency, stripe: Any, settings: Any) -> Agency:
    """Acme with a domain and a mail server of its own, and Stripe under its own name."""
    settings.PLATFORM_NAME = "Resellify"
    Agency.objects.filter(pk=acme.pk).update(portal_is_on=True, portal_on_since=timezone.now())
    Domain.objects.filter(tenant=acme).update(is_primary=False)
    Domain.objects.create(
        domain=OWN_HOST,
        tenant=acme,
        kind=Domain.Kind.CUSTOM,
        token="t",
        is_primary=True,
        state=State.ACTIVE,
        verified_at=timezone.now(),
    )
    keys = stripe.turn("stripe/accounts", business_name="ACME Voice B.V.", mode="test")
    connections.save_stripe_keys(agency_id=acme.pk, secret_key=keys["secret_key"])
    MailServer.objects.create(
        agency=acme,
        host="smtp.acme.test",
        port=587,
        security="starttls",
        username="x",
        password_sealed=b"",
        from_address="hello@acme.test",
        proved_at=timezone.now(),
    )
    caches["hosts"].clear()
    return acme


@pytest.fixture
def found(clean: Agency) -> Callable[..., list[dict[str, Any]]]:
    """What a search finds, after the brand was changed like this."""

    def look(**brand: Any) -> list[dict[str, Any]]:
        Branding.objects.filter(agency=clean).update(**brand)
        caches["hosts"].clear()
        leaks.start(clean.pk)
        with door.enter(clean):
            assert KINDS["leak_check"]("") is None
        check = LeakCheck.objects.get(agency=clean)
        assert (check.state, check.done) == (LeakCheck.State.DONE, check.total)
        return list(check.findings)

    return look


def places(findings: list[dict[str, Any]], words: str) -> set[str]:
    return {finding["place"] for finding in findings if words in finding["found"]}


def test_a_clean_portal_shows_none(found) -> None:
    assert found() == []


def test_planted_leaks_are_all_found_with_page_and_line(found, clean, stripe) -> None:
    with door.enter(clean):
        packages.save(name="Resellify starter", credits=100, price_minor=4000, currency="eur")
    other = stripe.turn("stripe/accounts", business_name="Other Holding", mode="test")
    connections.save_stripe_keys(agency_id=clean.pk, secret_key=other["secret_key"])
    findings = found(
        login_text="Powered by HMS Sovereign",
        terms_url="https://portal.localhost/terms",
        support_email="help@resellers.example",
    )
    assert "/account/login/" in places(findings, "HMS")
    assert {"/", "/account/signup/", "mail:receipt:html", "mail:receipt:text"} <= places(findings, "portal.localhost")
    assert places(findings, "Other Holding") == {"checkout"}
    (line,) = {f["line"] for f in findings if f["place"] == "/account/login/" and f["found"] == "HMS Sovereign"}
    assert line > 10
    assert all(finding["line"] or finding["place"] == "checkout" for finding in findings)


def test_an_address_of_somebody_else_is_found(found) -> None:
    findings = found(login_text="Read https://stranger.example/help first")
    assert [(f["place"], f["what"], f["found"]) for f in findings] == [
        ("/account/login/", "link", "https://stranger.example/help")
    ]


def test_without_a_domain_and_a_mail_server_the_platforms_show(found, clean) -> None:
    Domain.objects.filter(tenant=clean, domain=OWN_HOST).delete()
    Domain.objects.filter(tenant=clean).update(is_primary=True)
    MailServer.objects.all().delete()
    assert sorted(finding["what"] for finding in found()) == ["own_domain", "sender"]


def test_a_name_that_holds_a_foreign_one_is_the_agencys_own(found, clean, stripe) -> None:
    keys = stripe.turn("stripe/accounts", business_name="HMS Repairs", mode="test")
    connections.save_stripe_keys(agency_id=clean.pk, secret_key=keys["secret_key"])
    assert found(company_name="HMS Repairs") == []


def test_what_stripe_does_not_say_is_said_to_be_unseen(found, clean, stripe, ada) -> None:
    keys = stripe.open_account()
    connections.save_stripe_keys(agency_id=clean.pk, secret_key=keys["restricted_key"])
    assert found() == []
    assert LeakCheck.objects.get(agency=clean).unseen == ["checkout"]
    assert "Checkout was not looked at" in ada.get("brand/leaks/").content.decode()


def test_the_page_shows_progress_then_each_place_with_what_to_do(ada, found, clean) -> None:
    assert "Not looked yet" in ada.get("brand/leaks/").content.decode()
    assert ada.post("brand/leaks/start/").status_code == 302
    waiting = ada.get("brand/leaks/").content.decode()
    assert "Looking" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    leaks.note_progress(agency_id=clean.pk, done=3, total=12)
    assert "3 of 12 places looked at" in ada.get("brand/leaks/state/").content.decode()
    found(login_text="Powered by HMS")
    page = ada.get("brand/leaks/").content.decode()
    assert "1 place shows a name that is not yours" in page
    assert f'href="http://{OWN_HOST}' in page
    assert "/agencies/acme/brand/" in page
    found(login_text="")
    assert "Nothing but your own name" in ada.get("brand/leaks/").content.decode()


def test_a_viewer_looks_and_does_not_start(vic, acme) -> None:
    assert vic.get("brand/leaks/").status_code == 200
    assert vic.post("brand/leaks/start/").status_code == 403
    assert not LeakCheck.objects.exists()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Acme Voice", "ACME VOICE B.V.", True),
        ("Acme Voice", "ACME VOICE", True),
        ("Acme Voice GmbH", "acme-voice", True),
        ("Acme Voice", "Acme", True),
        ("Acme", "Globex", False),
        ("Acme", "", False),
    ],
)
def test_names_of_one_company_are_known_as_such(one: str, other: str, same: bool) -> None:
    assert leaks.same_name(one, other) is same


def test_the_agencys_own_schema_is_where_the_job_was_left(clean) -> None:
    from tenancy import schemas

    with door.enter(clean):
        KINDS["leak_check"]("")
        assert schemas.current_agency_id() == clean.pk
