"""Who is mailed what, and that nothing is mailed twice."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from agencies import due_work, notifying, team
from agencies.models import Agency, Membership
from agencies.notifying import Later, Mail
from follow_ups.models import FollowUp
from notifications import notes
from notifications.models import Copy, Kind, Notification
from people.models import User

pytestmark = pytest.mark.django_db
Role = Membership.Role
NOW = timezone.make_aware(timezone.datetime(2026, 6, 1, 12, 0))


@pytest.fixture
def ada(acme: Agency) -> Membership:
    return Membership.objects.get(agency=acme, user__email="ada@acme.test")


def joined(acme: Agency, role: Membership.Role) -> Membership:
    user = User.objects.create_user(f"{role}@acme.test")
    return Membership.objects.create(agency=acme, user=user, role=role)


def note(acme: Agency, kind: Kind, subject: str = "", clients: int = 1) -> Notification:
    notes.note(kind, subject=subject, clients=[uuid4() for _each in range(clients)], agency_id=acme.pk)
    row = Notification.objects.get(kind=kind, subject=subject)
    notifying.share(row.pk, NOW)
    return row


def begin(member: Membership, kind: Kind, now: object = NOW) -> Mail | Later | None:
    return notifying.begin(agency_id=member.agency_id, membership_id=member.pk, kind=kind, now=now)  # type: ignore[arg-type]


def asked() -> set[str]:
    return set(FollowUp.objects.filter(kind=notifying.MAIL_KIND).values_list("subject", flat=True))


def test_each_role_hears_of_what_it_can_act_on(acme: Agency, ada: Membership) -> None:
    manager, viewer = joined(acme, Role.MANAGER), joined(acme, Role.VIEWER)
    for number, kind in enumerate(Kind):
        note(acme, kind, f"s{number}")
    assert asked() == {
        *(f"{ada.pk}:{kind}" for kind in ("minutes", "low_balance", "webhook", "delivery", "domain", "dispute")),
        *(f"{manager.pk}:{kind}" for kind in ("low_balance", "delivery", "dispute")),
    }
    assert notifying.mailed_kinds(viewer) == frozenset()


def test_what_somebody_chose_counts_in_any_role_for_this_agency_alone(
    acme: Agency, globex: Agency, ada: Membership
) -> None:
    viewer = joined(acme, Role.VIEWER)
    there = Membership.objects.create(agency=globex, user=viewer.user, role=Role.OWNER)
    notifying.choose(agency_id=acme.pk, user_id=str(viewer.user_id), kinds=[Kind.REFUND])
    notifying.choose(agency_id=acme.pk, user_id=str(ada.user_id), kinds=[])
    note(acme, Kind.REFUND, "one")
    note(acme, Kind.DISPUTE, "one")
    assert asked() == {f"{viewer.pk}:refund"}
    there.refresh_from_db()
    assert Kind.MINUTES in notifying.mailed_kinds(there)


def test_nothing_is_mailed_to_who_is_not_there_or_wants_it_no_more(acme: Agency, ada: Membership) -> None:
    manager = joined(acme, Role.MANAGER)
    note(acme, Kind.DISPUTE, "one")
    notifying.choose(agency_id=acme.pk, user_id=str(ada.user_id), kinds=[])
    assert begin(ada, Kind.DISPUTE) is None
    User.objects.filter(pk=manager.user_id).update(is_active=False)
    assert begin(manager, Kind.DISPUTE) is None
    User.objects.filter(pk=manager.user_id).update(is_active=True)
    team.change_role(agency_id=acme.pk, member_id=manager.pk, role=Role.VIEWER)
    assert begin(manager, Kind.DISPUTE) is None
    team.change_role(agency_id=acme.pk, member_id=manager.pk, role=Role.MANAGER)
    assert isinstance(begin(manager, Kind.DISPUTE), Mail)
    team.remove(agency_id=acme.pk, member_id=manager.pk)
    assert begin(manager, Kind.DISPUTE) is None
    assert not Copy.objects.filter(membership_id=manager.pk).exists()


def test_a_closed_agency_mails_nobody(acme: Agency, ada: Membership) -> None:
    note(acme, Kind.WEBHOOK, "stripe")
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSING)
    assert begin(ada, Kind.WEBHOOK) is None


def test_a_mail_that_was_begun_is_not_begun_again(acme: Agency, ada: Membership) -> None:
    note(acme, Kind.DOMAIN, "1:lost")
    mail = begin(ada, Kind.DOMAIN)
    assert isinstance(mail, Mail)
    assert begin(ada, Kind.DOMAIN) is None, "the process ended here: nobody knows whether it was sent"
    assert Copy.objects.get().mail == Copy.Mail.SENDING
    notifying.sent(mail)
    assert begin(ada, Kind.DOMAIN) is None
    assert Copy.objects.get().mail == Copy.Mail.SENT


def test_a_mail_that_was_certainly_not_sent_is_begun_again(acme: Agency, ada: Membership) -> None:
    note(acme, Kind.LOW_BALANCE, clients=4)
    mail = begin(ada, Kind.LOW_BALANCE)
    assert isinstance(mail, Mail)
    notifying.put_back(mail)
    again = begin(ada, Kind.LOW_BALANCE)
    assert isinstance(again, Mail)
    assert [item.fresh for item in again.items] == [4]


def test_five_hundred_on_a_day_are_one_mail_and_what_comes_later_the_next_mornings(
    acme: Agency, ada: Membership
) -> None:
    for _look in range(3):
        row = note(acme, Kind.LOW_BALANCE, clients=100)
    due_at = FollowUp.objects.get(kind=notifying.MAIL_KIND).due_at
    assert due_at == NOW + timedelta(minutes=5), "what falls together is told together"
    mail = begin(ada, Kind.LOW_BALANCE)
    assert isinstance(mail, Mail)
    assert [item.fresh for item in mail.items] == [300]
    notifying.sent(mail)
    FollowUp.objects.all().delete()
    notes.note(Kind.LOW_BALANCE, clients=[uuid4() for _each in range(200)], agency_id=acme.pk)
    notifying.share(row.pk, NOW)
    morning = NOW.replace(day=2, hour=8)
    assert FollowUp.objects.get(kind=notifying.MAIL_KIND).due_at == morning
    assert begin(ada, Kind.LOW_BALANCE) == Later(morning), "asked too early, it waits"
    second = begin(ada, Kind.LOW_BALANCE, morning)
    assert isinstance(second, Mail)
    assert [item.fresh for item in second.items] == [200]


def test_disputes_of_a_day_are_one_mail_and_a_row_each(acme: Agency, ada: Membership) -> None:
    for number in range(3):
        note(acme, Kind.DISPUTE, f"d{number}")
    mail = begin(ada, Kind.DISPUTE)
    assert isinstance(mail, Mail)
    assert [item.notification.subject for item in mail.items] == ["d0", "d1", "d2"]
    note(acme, Kind.DISPUTE, "d3")
    assert isinstance(begin(ada, Kind.DISPUTE), Later)


def test_what_needs_somebody_now_is_mailed_now(acme: Agency, ada: Membership) -> None:
    for subject in ("1:failing", "2:failing"):
        note(acme, Kind.DOMAIN, subject)
        assert isinstance(begin(ada, Kind.DOMAIN), Mail)


def test_mails_that_were_lost_are_asked_for_again_from_the_rows(acme: Agency, ada: Membership) -> None:
    row = note(acme, Kind.WEBHOOK, "stripe")
    FollowUp.objects.all().delete()
    due_work.rebuild(acme)
    assert FollowUp.objects.filter(kind=notes.KIND, subject=str(row.pk)).exists()
