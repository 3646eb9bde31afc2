"""Notifications on the dashboard: the bell, the list, and what each person has mailed."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agencies.models import Agency, Membership
from audit.models import AuditEntry
from notifications import notes
from notifications.models import Kind, Notification
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard
from tests.support import booking
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def happened(acme: Agency, globex: Agency) -> Notification:
    """Three clients run low at acme, and one at globex."""
    with door.enter(acme):
        made = booking.clients(3)
    for agency, clients in ((acme, made), (globex, made[:1])):
        notes.note(Kind.LOW_BALANCE, clients=[each.pk for each in clients], facts={"credits": 10}, agency_id=agency.pk)
    return Notification.objects.get(agency=acme)


@pytest.fixture
def past(happened: Notification) -> None:
    """Everybody was here before it happened."""
    Membership.objects.update(created_at=timezone.now() - timedelta(days=1))


@pytest.mark.usefixtures("past")
def test_the_bell_counts_what_this_person_has_not_read(ada: Dashboard, vic: Dashboard, happened: Notification) -> None:
    Membership.objects.update(created_at=timezone.now() - timedelta(days=1))
    for person in (ada, vic):
        assert "Notifications , 1 unread" in text_of(person.get("overview/"))
    answer = ada.post(f"notifications/{happened.pk}/read/", read="yes", show="unread")
    assert answer["Location"] == "/agencies/acme/notifications/?show=unread"
    assert "unread" not in text_of(ada.get("overview/")).lower()
    assert "Notifications , 1 unread" in text_of(vic.get("overview/"))
    ada.post(f"notifications/{happened.pk}/read/", read="no")
    assert "Notifications , 1 unread" in text_of(ada.get("overview/"))


def test_the_list_says_what_happened_and_leads_to_where_one_acts(ada: Dashboard, happened: Notification) -> None:
    page = text_of(ada.get("notifications/"))
    assert "3 clients run low on credits" in page
    assert "Below 10 credits now: Client" in page
    answer = ada.post(f"notifications/{happened.pk}/read/", then="open")
    assert answer["Location"] == "/agencies/acme/clients/?order=least"


def test_everything_can_be_read_at_once(ada: Dashboard, past: None) -> None:
    assert "Mark all as read" in text_of(ada.get("notifications/"))
    assert "Everything is read." in text_of(ada.browser.post(f"{ada.base}notifications/read/", follow=True))
    page = text_of(ada.get("notifications/"))
    assert "Mark all as read" not in page
    assert "Mark as unread" in page


def test_a_choice_finds_a_kind_and_what_is_unread(ada: Dashboard) -> None:
    assert "Nothing found" in text_of(ada.get("notifications/", kind="dispute"))
    assert "3 clients" in text_of(ada.get("notifications/", kind="low_balance", show="unread"))
    assert "3 clients" in text_of(ada.get("notifications/", kind="no kind", after="no key"))


def test_another_agencys_are_not_there(ada: Dashboard, gus: Dashboard, happened: Notification) -> None:
    assert "1 client runs low" in text_of(gus.get("notifications/"))
    assert gus.post(f"notifications/{happened.pk}/read/").status_code == 404


def test_an_empty_list_says_what_will_be_there(ada: Dashboard) -> None:
    Notification.objects.all().delete()
    assert "Nothing has happened yet" in text_of(ada.get("notifications/"))


def test_each_person_of_any_role_chooses_their_mails(ada: Dashboard, vic: Dashboard, acme: Agency) -> None:
    assert "usual for your role, Viewer" in text_of(vic.get("notifications/choose/"))
    vic.post("notifications/choose/", kinds=["dispute", "refund"])
    chosen = dict(Membership.objects.filter(agency=acme).values_list("role", "mailed_kinds"))
    assert chosen == {"owner": None, "viewer": ["dispute", "refund"]}
    page = vic.get("notifications/choose/").content.decode()
    assert page.count(" checked") == 2
    assert ada.get("notifications/choose/").content.decode().count(" checked") == 6
    entry = AuditEntry.objects.get(agency_id=acme.pk, what="notifications.chosen")
    assert (entry.actor_email, entry.after) == ("viewer@acme.test", {"mails": "dispute, refund"})
    assert "Choose from the list." in text_of(vic.post("notifications/choose/", kinds=["gossip"]))


def test_who_manages_says_when_credits_are_few(mia: Dashboard, vic: Dashboard, acme: Agency) -> None:
    assert vic.post("notifications/line/", credits="5").status_code == 403
    assert "A client runs low below 10 credits." in text_of(vic.get("notifications/choose/"))
    assert mia.post("notifications/line/", credits="25").status_code == 302
    acme.refresh_from_db()
    assert acme.low_balance_credits == 25
    assert AuditEntry.objects.get(what="alerts.line_changed").after == {"low_balance_credits": 25}
    assert "Type a whole number from 0 to" in text_of(mia.post("notifications/line/", credits="-1"))
    assert "Type a whole number, such as 10." in text_of(mia.post("notifications/line/", credits=""))


@pytest.mark.usefixtures("past")
def test_the_switcher_says_role_state_and_what_is_unread_elsewhere(ada: Dashboard, globex: Agency) -> None:
    member = Membership.objects.create(
        agency=globex, user=Membership.objects.get(role="owner", agency__slug="acme").user, role="viewer"
    )
    Membership.objects.filter(pk=member.pk).update(created_at=timezone.now() - timedelta(days=1))
    page = text_of(ada.get("overview/"))
    assert "Globex Viewer · Portal off 1 1 unread" in page
    assert "Unread in another agency" in page
    assert "Open another agency" in page
    assert "1 unread" in text_of(ada.browser.get("/agencies/"))
