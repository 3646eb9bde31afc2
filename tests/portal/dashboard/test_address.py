"""The page about where a portal is found: its slug, and domains of its own from the claim to their release."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies import addresses, own_domains
from agencies.models import Agency
from agencies.own_domains import Standing
from domains import links, records, verification
from domains.models import Domain
from portal import wording
from tests.support.dns_world import Names, names, zone
from tests.support.portal import HTMX, text_of
from vault.models import StripeConnection

__all__ = ["names", "zone"]
pytestmark = pytest.mark.django_db
State = Domain.State


@pytest.fixture(autouse=True)
def asks_the_sandbox(names: Names, settings: Any) -> None:
    settings.DNS_SERVERS, settings.DNS_AUTHORITATIVE_PORT = [f"127.0.0.1:{names.port}"], names.port
    settings.DNS_MAY_ASK_PRIVATE = True


@pytest.fixture
def claimed(acme: Agency, zone: str) -> Domain:
    return verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")


@pytest.fixture
def active(claimed: Domain, names: Names, ada: Any) -> Domain:
    names.put(claimed.domain, ("CNAME", records.target(claimed)))
    ada.post(f"address/domains/{claimed.pk}/refresh/")
    claimed.refresh_from_db()
    assert claimed.state == State.ACTIVE
    return claimed


@pytest.fixture
def stands() -> Callable[..., Domain]:
    """Put a domain into a state by hand, as the jobs would in the course of days."""

    def put(domain: Domain, state: State, **fields: Any) -> Domain:
        Domain.objects.filter(pk=domain.pk).update(state=state, is_primary=False, **fields)
        Domain.objects.filter(tenant_id=domain.tenant_id, kind="slug", gives_way_at=None).update(is_primary=True)
        domain.refresh_from_db()
        return domain

    return put


def copied(page: Any, name: str) -> list[str]:
    """What can be copied under this label, in the order of the page."""
    html = page.content.decode()
    found = re.findall(rf'<code id="(record-\d+-[^"]*-{name})">([^<]*)</code>', html)
    assert all(f'data-copy="{field}"' in html for field, _value in found)
    return [value for _field, value in found]


def post(dashboard: Any, domain: Domain, what: str) -> Any:
    return dashboard.post(f"address/domains/{domain.pk}/{what}/")


# --- A domain of its own ----------------------------------------------------------------------------------------------


def test_an_empty_page_teaches_what_a_domain_is_for_and_shows_the_portals_address(ada: Any, settings: Any) -> None:
    settings.PUBLIC_PORT = "8000"
    page = ada.get("address/")
    assert "http://acme.portal.localhost:8000/" in page.content.decode()
    said = text_of(page)
    assert "Your portal under your own name" in said
    assert "sign in once more" in said
    assert "CNAME" not in said


def test_an_added_domain_shows_its_record_with_and_without_the_zone_ready_to_copy(
    ada: Any, acme: Agency, zone: str
) -> None:
    answer = ada.post("address/domains/", domain=f"https://Portal.{zone}/")
    domain = Domain.objects.get(tenant=acme, kind="custom")
    assert answer.headers["Location"] == f"/agencies/acme/address/#domain-{domain.pk}"
    page = ada.get("address/")
    assert copied(page, "type")[0] == "CNAME"
    assert copied(page, "name")[0] == "portal"
    assert copied(page, "whole")[0] == f"portal.{zone}"
    assert copied(page, "value")[0] == f"{domain.token}.connect.localhost"
    # For a provider that flattens: the proof, and our addresses.
    assert domain.token in copied(page, "value")
    assert "127.0.0.1" in copied(page, "value")
    assert "Waiting for the record" in text_of(page)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your domain"),
        ("acme", "no ending"),
        ("192.0.2.1", "IP address"),
        ("co.uk", "Others register"),
        ("printer.local", "inside a network"),
        ("x.portal.localhost", "inside a network"),
        ("ada@acme.test", "e-mail address"),
        ("*.acme.test", "star"),
    ],
)
def test_each_refused_domain_has_a_sentence_beside_the_field(ada: Any, acme: Agency, typed: str, sentence: str) -> None:
    page = ada.post("address/domains/", domain=typed)
    assert page.status_code == 200
    assert sentence in " ".join(page.context["domain_form"].errors["domain"])
    assert f'value="{typed}"' in page.content.decode() or not typed
    assert not Domain.objects.filter(tenant=acme, kind="custom").exists()


def test_a_domain_that_is_added_twice_is_refused_in_words(ada: Any, claimed: Domain) -> None:
    page = ada.post("address/domains/", domain=claimed.domain)
    assert "already" in page.context["domain_form"].errors["domain"][0]


def test_an_international_name_is_shown_as_people_read_it_and_set_as_dns_has_it(ada: Any, acme: Agency) -> None:
    ada.post("address/domains/", domain="portal.münchen-acme.test")
    page = ada.get("address/")
    assert "portal.münchen-acme.test" in text_of(page)
    assert copied(page, "whole")[0].startswith("portal.xn--")


def test_what_a_domain_with_a_large_number_is_called_by_has_no_comma(ada: Any, acme: Agency, zone: str) -> None:
    Domain.objects.create(
        pk=1_234_567, tenant=acme, domain=f"large.{zone}", kind="custom", state="pending", token="t" * 32
    )
    page = ada.get("address/").content.decode()
    assert 'id="domain-1234567"' in page
    assert "1,234,567" not in page


def test_the_top_of_a_zone_is_proved_by_txt_and_led_by_alias_or_addresses(
    ada: Any, acme: Agency, names: Names, zone: str
) -> None:
    ada.post("address/domains/", domain=zone)
    domain = Domain.objects.get(tenant=acme, domain=zone)
    page = ada.get("address/")
    assert copied(page, "type") == ["TXT", "ALIAS, ANAME", "A"]
    assert copied(page, "name") == ["_portal-challenge", "@", "@"]
    names.put(f"_portal-challenge.{zone}", ("TXT", domain.token))
    names.put(zone, ("A", "127.0.0.1"))
    post(ada, domain, "refresh")
    domain.refresh_from_db()
    assert (domain.state, domain.proved_by) == (State.ACTIVE, "txt")


def test_refreshing_a_domain_without_its_record_says_what_is_wrong_and_when_we_look_again(
    ada: Any, claimed: Domain, names: Names
) -> None:
    names.put(claimed.domain, ("CNAME", "elsewhere.acme.test"))
    assert post(ada, claimed, "refresh").headers["Location"].endswith(f"#domain-{claimed.pk}")
    said = text_of(ada.get("address/"))
    assert "points to elsewhere.acme.test. Change the CNAME" in said
    assert re.search(r"Last look: Today \d\d:\d\d · Next look: ", said)


def test_asking_again_at_once_is_answered_with_the_seconds_left(ada: Any, claimed: Domain, names: Names) -> None:
    post(ada, claimed, "refresh")
    asked = len(names.questions(claimed.domain))
    page = post(ada, claimed, "refresh")
    assert page.status_code == 429
    assert re.search(r"Try again in \d+ seconds?", text_of(page))
    assert len(names.questions(claimed.domain)) == asked


def test_a_proved_domain_is_active_and_the_main_address(ada: Any, acme: Agency, active: Domain) -> None:
    said = text_of(ada.get("address/"))
    assert "Active since" in said
    assert "Your main address" in said
    assert active.is_primary
    assert active.domain in links.portal(acme.pk)
    assert f'value="{links.portal(acme.pk)}"' in ada.get("address/").content.decode()


def test_served_over_https_it_is_called_secure(ada: Any, active: Domain, settings: Any) -> None:
    settings.PUBLIC_SCHEME = "https"
    assert "Secure and active" in text_of(ada.get("address/"))


def test_the_main_address_is_chosen_among_those_that_work(
    ada: Any, acme: Agency, active: Domain, names: Names, zone: str
) -> None:
    slug = acme.domains.get(kind="slug")
    post(ada, slug, "primary")
    assert acme.domains.get(is_primary=True) == slug
    assert f"Leads on to {slug.domain}" in text_of(ada.get("address/"))
    post(ada, active, "primary")
    assert acme.domains.get(is_primary=True) == active
    other = verification.claim(agency_id=acme.pk, typed=f"new.{zone}")
    page = ada.browser.post(f"{ada.base}address/domains/{other.pk}/primary/", follow=True)
    assert "does not work yet" in text_of(page)
    assert acme.domains.get(is_primary=True) == active


def test_a_new_domain_waits_beside_the_old_one_and_then_takes_its_place(
    ada: Any, acme: Agency, active: Domain, names: Names, zone: str
) -> None:
    ada.post("address/domains/", domain=f"new.{zone}")
    new = Domain.objects.get(domain=f"new.{zone}")
    assert acme.domains.get(is_primary=True) == active
    names.put(new.domain, ("CNAME", records.target(new)))
    post(ada, new, "refresh")
    assert acme.domains.get(is_primary=True) == new
    assert f"Leads on to {new.domain}" in text_of(ada.get("address/"))


def test_releasing_names_what_happens_and_keeps_the_name_for_30_days(ada: Any, acme: Agency, active: Domain) -> None:
    before = text_of(ada.get("address/"))
    assert f"{active.domain} stops leading to your portal at once" in before
    assert "For 30 days nobody else can add" in before
    post(ada, active, "release")
    active.refresh_from_db()
    assert active.state == State.RELEASED
    assert acme.domains.get(is_primary=True).kind == "slug"
    after = text_of(ada.get("address/"))
    assert "Released since" in after
    assert "Kept for you until" in after


def test_releasing_what_was_never_proved_forgets_it(ada: Any, claimed: Domain) -> None:
    assert "We forget that" in text_of(ada.get("address/"))
    post(ada, claimed, "release")
    assert not Domain.objects.filter(pk=claimed.pk).exists()


@pytest.mark.parametrize(
    ("state", "at", "badge", "ends"),
    [
        (State.PENDING, "created_at", "Waiting for the record", "forget this claim"),
        (State.PENDING, "was_beaten_at", "Another portal has it", "forget this claim"),
        (State.VERIFIED, "verified_at", "Proved, certificate on its way", ""),
        (State.FAILING, "failing_at", "Failing", "it is switched off on"),
        (State.LOST, "lost_at", "Lost", ""),
        (State.RELEASED, "released_at", "Released", "Kept for you until"),
    ],
)
def test_every_state_has_its_badge_its_time_and_its_end(
    ada: Any, claimed: Domain, stands: Callable[..., Domain], state: State, at: str, badge: str, ends: str
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    stands(claimed, state, **{at: yesterday})
    said = text_of(ada.get("address/"))
    assert f"{badge} since {wording.moment(yesterday)}" in said
    assert ends in said


def test_a_domain_that_came_back_is_active_since_then_and_not_since_its_first_day(
    claimed: Domain, stands: Callable[..., Domain]
) -> None:
    now = timezone.now()
    stands(claimed, State.ACTIVE, active_at=now - timedelta(days=90), verified_at=now - timedelta(days=1))
    assert own_domains.since(claimed) == now - timedelta(days=1)


def test_the_txt_record_is_open_to_see_where_the_provider_flattens(ada: Any, claimed: Domain, names: Names) -> None:
    question = "My provider turns a CNAME into addresses"
    is_open = re.compile(rf"<details[^>]* open>\s*<summary>{question}")
    assert question in ada.get("address/").content.decode()
    assert not is_open.search(ada.get("address/").content.decode())
    names.put(claimed.domain, ("A", "127.0.0.1"))
    post(ada, claimed, "refresh")
    assert is_open.search(ada.get("address/").content.decode())


def test_whoever_was_beaten_reads_it(ada: Any, gus: Any, acme: Agency, globex: Agency, zone: str, names: Names) -> None:
    mine = verification.claim(agency_id=acme.pk, typed=f"portal.{zone}")
    theirs = verification.claim(agency_id=globex.pk, typed=f"portal.{zone}")
    names.put(theirs.domain, ("CNAME", records.target(theirs)))
    post(gus, theirs, "refresh")
    mine.refresh_from_db()
    assert own_domains.standing(mine) is Standing.BEATEN
    assert "Another portal has it" in text_of(ada.get("address/"))
    assert "globex" not in text_of(ada.get("address/")).lower()


def test_the_page_asks_how_a_waiting_domain_stands_and_loads_anew_once_it_is_proved(
    ada: Any, claimed: Domain, names: Names
) -> None:
    page = ada.get("address/").content.decode()
    seen = re.search(r"standing/\?seen=([^\"]+)", page)
    assert seen is not None
    where = f"address/domains/{claimed.pk}/standing/"
    mark = "waiting:0"
    assert ada.get(where, seen=mark).status_code == 204
    post(ada, claimed, "refresh")
    answer = ada.get(where, seen=mark)
    assert answer.status_code == 200
    assert "HX-Refresh" not in answer.headers
    names.put(claimed.domain, ("CNAME", records.target(claimed)))
    Domain.objects.filter(pk=claimed.pk).update(checked_at=None)
    post(ada, claimed, "refresh")
    assert ada.get(where, seen=mark).headers["HX-Refresh"] == "true"


def test_everybody_of_the_team_sees_managers_refresh_and_owners_change(
    mia: Any, vic: Any, acme: Agency, claimed: Domain
) -> None:
    for person in (mia, vic):
        assert claimed.domain in text_of(person.get("address/"))
        assert "Release domain" not in text_of(person.get("address/"))
        for what in ("primary", "release"):
            assert post(person, claimed, what).status_code == 403
        assert person.post("address/domains/", domain="x.acme.test").status_code == 403
        assert person.post("address/slug/", slug="other", seen="other").status_code == 403
    assert post(vic, claimed, "refresh").status_code == 403
    assert post(mia, claimed, "refresh").status_code == 302


def test_the_slugs_host_is_no_domain_to_release_and_a_strangers_domain_is_not_there(
    ada: Any, gus: Any, acme: Agency, claimed: Domain
) -> None:
    assert post(ada, acme.domains.get(kind="slug"), "release").status_code == 404
    for what in ("refresh", "primary", "release"):
        assert post(gus, claimed, what).status_code == 404
    assert gus.get(f"address/domains/{claimed.pk}/standing/").status_code == 404


# --- The slug ---------------------------------------------------------------------------------------------------------


def test_a_change_of_slug_is_read_before_it_is_made(ada: Any, acme: Agency) -> None:
    StripeConnection.objects.create(agency=acme, webhook_secret_sealed=b"sealed")
    page = ada.post("address/slug/", slug="Acme-Voice")
    said = text_of(page)
    assert "Nothing is changed yet" in said
    assert "leads to the new one for 90 days" in said
    assert "every link in a mail" in said
    assert f'value="{links.platform("/api/webhooks/stripe/acme-voice")}"' in page.content.decode()
    assert Agency.objects.get(pk=acme.pk).slug == "acme"
    answer = ada.post("address/slug/", slug="acme-voice", seen="acme-voice")
    assert answer.headers["Location"] == "/agencies/acme-voice/address/"
    assert Agency.objects.get(pk=acme.pk).slug == "acme-voice"


def test_what_was_read_of_another_slug_does_not_count(ada: Any, acme: Agency) -> None:
    ada.post("address/slug/", slug="acme-voice", seen="acme-two")
    assert Agency.objects.get(pk=acme.pk).slug == "acme"


def test_after_a_change_the_old_dashboard_address_leads_to_the_new_one(ada: Any, acme: Agency) -> None:
    ada.post("address/slug/", slug="acme-voice", seen="acme-voice")
    answer = ada.get("address/")
    assert answer.headers["Location"] == "/agencies/acme-voice/address/"
    said = text_of(ada.browser.get(answer.headers["Location"]))
    assert "acme.portal.localhost leads here until" in said


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("", "Type the address"),
        ("ab", "3 to 50"),
        ("xn--acme", "two hyphens"),
        ("admin", "reserved"),
        ("paypa1", "looks like a reserved one"),
        ("globex", "taken"),
        ("acme", "already"),
    ],
)
def test_each_refused_slug_has_a_sentence_beside_the_field_and_while_it_is_typed(
    ada: Any, globex: Agency, slug: str, sentence: str
) -> None:
    page = ada.post("address/slug/", slug=slug, seen=slug)
    assert sentence in page.context["slug_form"].errors["slug"][0]
    typed = text_of(ada.get("address/slug/check/", slug=slug))
    assert sentence in typed if slug else "See what it changes" in typed


def test_a_slug_that_is_free_is_said_to_be_while_it_is_typed(ada: Any, acme: Agency) -> None:
    said = text_of(ada.browser.get(f"{ada.base}address/slug/check/?slug=Acme-Voice", headers=HTMX))
    assert "acme-voice is free" in said
    assert "Change it to acme-voice" in said
    # Its own former one may come back; another's may not.
    addresses.change_slug(agency_id=acme.pk, slug="acme-voice")
    dashboard = "/agencies/acme-voice/address/slug/check/"
    assert "acme is free" in text_of(ada.browser.get(f"{dashboard}?slug=acme"))


def test_beside_an_own_domain_the_slug_changes_nothing_for_clients(ada: Any, active: Domain) -> None:
    said = text_of(ada.get("address/slug/check/", slug="acme-voice"))
    assert f"Your main address stays {active.domain}" in said
    assert "webhook" not in said


def test_whoever_changed_often_is_told_so_while_typing(ada: Any, acme: Agency) -> None:
    for number in range(addresses.MOST_FORMER_SLUGS):
        addresses.change_slug(agency_id=acme.pk, slug=f"acme-{number}")
    last = f"/agencies/acme-{addresses.MOST_FORMER_SLUGS - 1}/address/slug/check/"
    assert "changed your address often" in text_of(ada.browser.get(f"{last}?slug=acme-x"))


def test_looking_up_which_slugs_are_taken_has_an_end(ada: Any) -> None:
    answers = {ada.get("address/slug/check/", slug=f"acme-{number}").status_code for number in range(60)}
    assert answers == {200}
    assert ada.get("address/slug/check/", slug="acme-x").status_code == 429


# --- Where else it shows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "line", "words"),
    [
        (State.PENDING, "waiting", "We wait for its record"),
        (State.VERIFIED, "waiting", "certificate is on its way"),
        (State.ACTIVE, "done", ""),
        (State.FAILING, "wrong", "We do not find its record any more"),
        (State.LOST, "wrong", "switched off"),
    ],
)
def test_the_checklist_recommends_a_domain_and_says_how_it_stands(
    ada: Any, claimed: Domain, stands: Callable[..., Domain], state: State, line: str, words: str
) -> None:
    stands(claimed, state, verified_at=timezone.now())
    shown = ada.get("set-up/").context["lines"][-1]
    assert (shown.requirement.key, shown.state, shown.recommended) == ("domain", line, True)
    assert words in shown.text + shown.reason
    assert claimed.domain in shown.text
    assert shown.href == "/agencies/acme/address/#own-domain"


def test_without_a_domain_the_checklist_recommends_one(ada: Any) -> None:
    shown = ada.get("set-up/").context["lines"][-1]
    assert (shown.requirement.key, shown.state, shown.recommended) == ("domain", "missing", True)
    assert "under your own name" in shown.text


@pytest.mark.parametrize("page", ["overview/", "attention/"])
@pytest.mark.parametrize(
    ("state", "fields", "words"),
    [
        (State.FAILING, {}, "does not find its record"),
        (State.LOST, {}, "is switched off"),
        (State.PENDING, {"was_beaten_at": "2026-01-01T00:00Z"}, "leads to another portal"),
    ],
)
def test_a_domain_in_trouble_is_pointed_out_with_its_name(
    ada: Any,
    claimed: Domain,
    stands: Callable[..., Domain],
    state: State,
    fields: dict[str, str],
    words: str,
    page: str,
) -> None:
    assert claimed.domain not in text_of(ada.get(page))
    stands(claimed, state, **fields)
    shown = ada.get(page)
    assert f"{claimed.domain} {words}" in text_of(shown)
    assert 'href="/agencies/acme/address/#own-domain"' in shown.content.decode()


def test_a_page_of_many_domains_costs_as_many_queries_as_one_of_few(ada: Any, acme: Agency) -> None:
    counts = []
    for batch in (range(1), range(1, 6)):
        for number in batch:
            verification.claim(agency_id=acme.pk, typed=f"p{number}.acme.test")
        with CaptureQueriesContext(connection) as queries:
            ada.get("address/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
