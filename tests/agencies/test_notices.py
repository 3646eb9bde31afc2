"""Reading is each person's own."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from agencies import notices
from agencies.models import Agency, Membership
from notifications import notes
from notifications.models import Kind, Notification
from people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(acme: Agency) -> list[str]:
    """Ada and Mia, as ids."""
    mia = User.objects.create_user("mia@acme.test")
    Membership.objects.create(agency=acme, user=mia, role=Membership.Role.VIEWER)
    return [str(User.objects.get(email="ada@acme.test").pk), str(mia.pk)]


def unread(user_id: str) -> dict[str, int]:
    return {place.slug: place.unread for place in notices.places_of(user_id)}


def note(acme: Agency, subject: str) -> Notification:
    notes.note(Kind.REFUND, subject=subject, agency_id=acme.pk)
    return Notification.objects.get(subject=subject)


def test_what_one_has_read_another_has_not(acme: Agency, people: list[str]) -> None:
    ada, mia = people
    one, _two = note(acme, "one"), note(acme, "two")
    how = {"agency_id": acme.pk, "user_id": ada, "notification_id": one.pk, "now": timezone.now()}
    notices.read_one(**how, is_read=True)  # type: ignore[arg-type]
    assert [unread(each)["acme"] for each in people] == [1, 2]
    notices.read_one(**how, is_read=False)  # type: ignore[arg-type]
    assert unread(ada)["acme"] == 2
    notices.read_all(agency_id=acme.pk, user_id=mia, now=timezone.now())
    assert [unread(each)["acme"] for each in people] == [2, 0]


def test_a_day_that_was_read_is_unread_when_more_happens(acme: Agency, people: list[str]) -> None:
    notes.note(Kind.NEW_CLIENT, clients=[uuid4()], agency_id=acme.pk)
    notices.read_all(agency_id=acme.pk, user_id=people[0], now=timezone.now())
    assert unread(people[0])["acme"] == 0
    notes.note(Kind.NEW_CLIENT, clients=[uuid4()], agency_id=acme.pk)
    assert unread(people[0])["acme"] == 1


def test_who_joined_later_has_read_what_was_before(acme: Agency, people: list[str]) -> None:
    note(acme, "one")
    Membership.objects.filter(user_id=people[1]).update(created_at=timezone.now() + timedelta(seconds=1))
    assert [unread(each)["acme"] for each in people] == [1, 0]
    seen = notices.page(agency_id=acme.pk, user_id=people[1], kind=None, only_unread=False, after="")
    assert [is_unread for _row, is_unread in seen.rows] == [False]


def test_each_agency_counts_its_own(acme: Agency, globex: Agency, people: list[str]) -> None:
    Membership.objects.create(agency=globex, user_id=people[1], role=Membership.Role.MANAGER)
    note(globex, "theirs")
    assert unread(people[1]) == {"acme": 0, "globex": 1}
    assert unread(people[0]) == {"acme": 0}
    with pytest.raises(Notification.DoesNotExist):
        notices.read_one(
            agency_id=acme.pk,
            user_id=people[1],
            notification_id=Notification.objects.get(agency=globex).pk,
            is_read=True,
            now=timezone.now(),
        )


def test_pages_show_everything_once(acme: Agency, people: list[str], django_assert_num_queries) -> None:
    for number in range(notices.PAGE_SIZE + 2):
        note(acme, f"n{number:02}")
    seen, after = [], ""
    for size in (notices.PAGE_SIZE, 2):
        with django_assert_num_queries(2):
            page = notices.page(agency_id=acme.pk, user_id=people[0], kind=Kind.REFUND, only_unread=True, after=after)
        seen += [row.subject for row, _is_unread in page.rows]
        after = page.older
        assert len(page.rows) == size
    assert (seen, after) == ([f"n{number:02}" for number in reversed(range(notices.PAGE_SIZE + 2))], "")


def test_places_are_one_query_however_many(acme: Agency, people: list[str], django_assert_num_queries) -> None:
    for number in range(5):
        note(acme, str(number))
    with django_assert_num_queries(1):
        notices.places_of(people[0])
