"""The page of a client's webhook: set, seen, read, sent again; each by whom it may be."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.models import Membership
from clients.models import Client
from follow_ups.models import FollowUp
from hms_client import webhooks
from inbox import hms_targets
from organizations import deliveries
from organizations.models import Delivery, Organization
from organizations.relay import Outcome
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard, member
from tests.support.cast import Cast

pytestmark = pytest.mark.django_db
URL = "https://crm.example.com/hooks"
TYPED = {"url": URL, "secret": "a secret of ben", "events": ["tool-calls", "status-update"]}


class Page:
    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.path = f"clients/{cast.ids_of_acme['client_id']}/webhooks/"
        with door.enter(cast.acme):
            self.organization = Organization.objects.get(client_id=cast.ids_of_acme["client_id"])
            Delivery.objects.all().delete()

    def target(self) -> hms_targets.Target | None:
        with door.enter(self.cast.acme):
            return hms_targets.of_organization(self.organization.pk)

    def sent(self, outcome: Outcome, at: Any = None, **message: Any) -> Delivery:
        body = json.dumps({"message": {"type": "end-of-call-report", "summary": "Grüße & more"} | message}).encode()
        with door.enter(self.cast.acme):
            made = deliveries.begin(
                organization_id=self.organization.pk,
                event=webhooks.parse(body),
                body=body,
                is_asked=False,
                now=at or timezone.now(),
            )
            deliveries.settle(made, outcome, now=at or timezone.now())
            return Delivery.objects.get(pk=made)


@pytest.fixture
def page(cast: Cast) -> Page:
    return Page(cast)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_empty_page_says_what_to_do(ada: Dashboard, page: Page) -> None:
    assert "No webhook yet" in text(ada.get(page.path))


def test_a_manager_sets_it_and_the_secret_never_shows(mia: Dashboard, page: Page) -> None:
    assert mia.post(page.path, **TYPED).status_code == 302
    target = page.target()
    assert target is not None
    assert (target.url, target.secret, target.events) == (URL, "a secret of ben", ("tool-calls", "status-update"))
    shown = text(mia.get(page.path))
    assert URL in shown
    assert "a secret of ben" not in shown
    assert "Nothing sent yet" in shown


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "https://10.0.0.1/"}, "private network"),
        ({"url": "ftp://example.com"}, "not an address"),
        ({"secret": ""}, "Give a secret"),
        ({"secret": "short"}, "8 to 500"),
        ({"events": []}, "Choose at least one event"),
    ],
)
def test_what_cannot_work_is_said_beside_its_field(
    changes: dict[str, Any], sentence: str, ada: Dashboard, page: Page
) -> None:
    assert sentence in text(ada.post(page.path, **(TYPED | changes)))
    assert page.target() is None


def test_removing_it_forgets_the_secret(ada: Dashboard, page: Page) -> None:
    ada.post(page.path, **TYPED)
    ada.post(page.path + "remove/")
    assert page.target() is None


def test_deliveries_show_how_they_stand(ada: Dashboard, page: Page) -> None:
    page.sent(Outcome(status=204, took_ms=41))
    page.sent(Outcome(status=302, took_ms=12))
    page.sent(Outcome(why="time", took_ms=10_000))
    shown = text(ada.get(page.path))
    for words in ("Delivered", "Retrying", "204", "41 ms", "10000 ms"):
        assert words in shown
    assert "Grüße" not in shown, "bodies show on demand only"


def test_the_content_is_read_on_demand_and_says_why_it_was_not_taken(ada: Dashboard, page: Page) -> None:
    row = page.sent(Outcome(status=302, took_ms=12))
    shown = text(ada.get(f"{page.path}{row.pk}/"))
    assert "Grüße &amp; more" in shown
    assert "redirects are not followed" in shown
    assert "Send again" in shown


def test_what_signs_and_what_leads_to_us_is_not_shown(ada: Dashboard, page: Page) -> None:
    assistant = {"webhook_secret": "SIGNS", "webhook_url": "https://LEADS", "tools": [{"api_key": "OPENS"}]}
    row = page.sent(Outcome(why="time"), assistant=assistant, tokens=None)
    shown = text(ada.get(f"{page.path}{row.pk}/"))
    assert "•••" in shown
    assert not [word for word in ("SIGNS", "LEADS", "OPENS") if word in shown]


def test_after_delivery_there_is_nothing_to_read_or_send(ada: Dashboard, page: Page) -> None:
    row = page.sent(Outcome(status=200, took_ms=12))
    shown = text(ada.get(f"{page.path}{row.pk}/"))
    assert "not kept any more" in shown
    assert "Send again" not in shown
    FollowUp.objects.filter(kind="deliver").delete()
    answer = ada.browser.post(f"{ada.base}{page.path}{row.pk}/again/", follow=True)
    assert "not kept any more" in text(answer)
    assert not FollowUp.objects.filter(kind="deliver").exists()


def test_in_privacy_mode_nobody_reads_it(ada: Dashboard, page: Page) -> None:
    row = page.sent(Outcome(why="time"), assistant={"gdpr_mode": True})
    shown = text(ada.get(f"{page.path}{row.pk}/"))
    assert "privacy mode" in shown
    assert "Grüße" not in shown


def test_one_click_sends_it_again(mia: Dashboard, page: Page) -> None:
    row = page.sent(Outcome(why="connection"))
    FollowUp.objects.filter(kind="deliver").delete()
    assert mia.post(f"{page.path}{row.pk}/again/").status_code == 302
    assert FollowUp.objects.filter(kind="deliver", subject=str(row.pk)).exists()


def test_a_viewer_looks_and_changes_nothing(cast: Cast, page: Page) -> None:
    vic = member(cast.acme, Membership.Role.VIEWER)
    row = page.sent(Outcome(why="connection"))
    assert "Managers and owners" in text(vic.get(page.path))
    for path in ("", "remove/", f"{row.pk}/again/"):
        assert vic.post(page.path + path, **TYPED).status_code == 403


def test_a_delivery_of_another_client_is_not_found(ada: Dashboard, page: Page, cast: Cast) -> None:
    row = page.sent(Outcome(why="connection"))
    with door.enter(cast.acme):
        bob = Client.objects.exclude(pk=cast.ids_of_acme["client_id"]).get(email="bob@client.test")
    assert ada.get(f"clients/{bob.pk}/webhooks/{row.pk}/").status_code == 404
    assert ada.post(f"clients/{bob.pk}/webhooks/{row.pk}/again/").status_code == 404


def test_older_deliveries_are_a_page_further(ada: Dashboard, page: Page) -> None:
    now = timezone.now()
    for minute in range(31):
        page.sent(Outcome(status=200, took_ms=1000 + minute), at=now - timedelta(minutes=minute))
    first = text(ada.get(page.path))
    assert "1029 ms" in first
    assert "1030 ms" not in first
    with door.enter(page.cast.acme):
        thirtieth = Delivery.objects.get(latency_ms=1029).created_at
    second = text(ada.get(page.path, before=thirtieth.isoformat()))
    assert "1030 ms" in second
    assert "1029 ms" not in second


def test_nonsense_for_a_moment_shows_the_latest(ada: Dashboard, page: Page) -> None:
    page.sent(Outcome(status=204, took_ms=41))
    for before in ("yesterday", "2026-01-01", "\x00"):
        assert "41 ms" in text(ada.get(page.path, before=before))


def test_the_clients_page_leads_to_it(ada: Dashboard, page: Page) -> None:
    assert f'href="{ada.base}{page.path}"' in text(ada.get(page.path.removesuffix("webhooks/")))
