"""The mails of notifications: what they say, where they lead; neither a crash nor a broken line repeats one."""

import smtplib
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from agencies import notifying, webhook_proof
from agencies.models import Agency, Membership
from clients.models import Client
from follow_ups.models import FollowUp
from notifications import notes
from notifications.models import Copy, Kind, Notification
from portal.jobs import forget_notifications, registry
from portal.jobs import notifications as jobs
from tenancy import door
from tests.support import booking
from tests.support.returned import disputed
from vault.models import StripeConnection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_kinds(acme: Agency) -> Membership:
    """Ada hears of everything."""
    Membership.objects.filter(agency=acme).update(mailed_kinds=Kind.values)
    return Membership.objects.get(agency=acme)


def note(acme: Agency, kind: Kind, subject: str = "", **what: Any) -> None:
    notes.note(kind, subject=subject, agency_id=acme.pk, **what)


def work_off(acme: Agency) -> list[str]:
    """Do what is asked for, as workers do; the subjects of all mails."""
    for kind in (notes.KIND, notifying.MAIL_KIND):
        for row in FollowUp.objects.filter(agency=acme, kind=kind):
            with door.enter(acme):
                registry.KINDS[kind](row.subject)
            row.delete()
    return [message.subject for message in mail.outbox]


def test_a_mail_says_what_happened_leads_there_and_to_ones_choices(acme: Agency) -> None:
    with door.enter(acme):
        (ben,) = booking.clients(1)
    note(acme, Kind.LOW_BALANCE, clients=[ben.pk], facts={"credits": 10})
    assert work_off(acme) == ["Acme Voice: 1 client runs low on credits"]
    (message,) = mail.outbox
    html, _kind = message.alternatives[0]
    for text in (message.body, html):
        assert f"http://portal.localhost/agencies/acme/clients/{ben.pk}/" in text.replace(":8000", "")
        assert "/agencies/acme/notifications/choose/" in text
        assert "Client 0" in text
    assert message.from_email.startswith("Portal <")


def test_five_hundred_clients_are_one_mail_that_names_a_few(acme: Agency) -> None:
    with door.enter(acme):
        made = [client.pk for client in booking.clients(500)]
    note(acme, Kind.NEW_CLIENT, clients=made)
    assert work_off(acme) == ["Acme Voice: 500 new clients"]
    assert "and 497 more" in mail.outbox[0].body
    note(acme, Kind.NEW_CLIENT, clients=made[:1])
    assert len(work_off(acme)) == 1


def test_what_names_a_client_that_is_gone_is_still_told(acme: Agency) -> None:
    note(acme, Kind.NEW_CLIENT, clients=[Client().pk])
    work_off(acme)
    assert "Signed up on your portal: 1 client." in mail.outbox[0].body


def test_several_disputes_are_one_mail_with_a_line_each(acme: Agency) -> None:
    with door.enter(acme):
        (client,) = booking.clients(1)
        for status in ("needs_response", "lost"):
            dispute = disputed(client, status)
            facts = {"purchase": str(dispute.purchase_id), "amount_minor": 4000, "currency": "eur", "status": status}
            notes.note(Kind.DISPUTE, subject=str(dispute.pk), clients=[client.pk], facts=facts)
    assert work_off(acme) == ["Acme Voice: Disputes, 2 new"]
    for words in ("Dispute over € 40.00", "Dispute over € 40.00 lost", "wants this payment back", client.name):
        assert words in mail.outbox[0].body


def test_a_mail_server_that_says_no_is_asked_again(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    note(acme, Kind.WEBHOOK, "stripe", facts={"sentence": "Nothing comes."})

    def refuse(*_args: Any, **_how: Any) -> int:
        raise smtplib.SMTPRecipientsRefused({})

    with monkeypatch.context() as away:
        away.setattr(mail.EmailMultiAlternatives, "send", refuse)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            work_off(acme)
    assert work_off(acme) == ["Acme Voice: Stripe's messages do not reach your portal"]


def test_a_mail_server_that_cannot_be_reached_is_asked_again(acme: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    note(acme, Kind.WEBHOOK, "stripe", facts={"sentence": "Nothing comes."})

    def away(*_args: Any) -> None:
        raise TimeoutError

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.open", away)
        with pytest.raises(TimeoutError):
            work_off(acme)
    assert len(work_off(acme)) == 1


@pytest.mark.parametrize("end", [KeyboardInterrupt, smtplib.SMTPServerDisconnected])
def test_a_process_that_ends_or_a_line_that_breaks_while_sending_repeats_nothing(
    acme: Agency, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    note(acme, Kind.WEBHOOK, "stripe", facts={"sentence": "Nothing comes."})
    send = mail.EmailMultiAlternatives.send

    def send_and_end(message: Any, **how: Any) -> None:
        send(message, **how)
        raise end

    with monkeypatch.context() as broken:
        broken.setattr(mail.EmailMultiAlternatives, "send", send_and_end)
        with suppress(KeyboardInterrupt):
            work_off(acme)
    assert Copy.objects.get().mail == Copy.Mail.SENDING
    row = Notification.objects.get()
    with door.enter(acme):
        jobs.share(str(row.pk))
    assert len(work_off(acme)) == 1, "mailed twice"


def test_what_is_over_before_the_mail_is_written_is_not_told(acme: Agency) -> None:
    facts = {"alarm": "low", "minutes": 1, "runway_days": None, "permille": None}
    note(acme, Kind.MINUTES, "low", facts=facts)
    note(acme, Kind.DOMAIN, "0:failing", facts={"name": "gone.acme.test", "what": "failing"})
    assert work_off(acme) == []
    assert {copy.mail for copy in Copy.objects.all()} == {""}


def test_a_message_that_a_clients_webhook_never_took_is_told_with_its_client(acme: Agency) -> None:
    with door.enter(acme):
        (ben,) = booking.clients(1)
    for number in range(2):
        note(acme, Kind.DELIVERY, f"o{number}", clients=[ben.pk], facts={"status": 500 if number else None})
    assert work_off(acme) == ["Acme Voice: Clients' webhooks, 2 new"]
    for words in ("Its webhook answered 500.", "does not answer", f"/clients/{ben.pk}/webhooks/"):
        assert words in mail.outbox[0].body


def test_a_portal_that_hears_nothing_from_stripe_is_told_of_once_a_day(acme: Agency) -> None:
    failed_at = timezone.now()
    StripeConnection.objects.create(
        agency=acme, webhook_secret_sealed=b"x", last_failure="Copy the secret again.", last_failure_at=failed_at
    )
    webhook_proof.notice(acme)
    assert not Notification.objects.exists(), "the portal is off"
    acme.portal_is_on = True
    for _look in range(2):
        webhook_proof.notice(acme)
    assert work_off(acme) == ["Acme Voice: Stripe's messages do not reach your portal"]
    assert "Copy the secret again." in mail.outbox[0].body
    StripeConnection.objects.update(last_event_at=failed_at + timedelta(seconds=1))
    Notification.objects.all().delete()
    webhook_proof.notice(acme)
    assert not Notification.objects.exists()


def test_old_ones_are_forgotten_by_the_clock(acme: Agency) -> None:
    note(acme, Kind.WEBHOOK, "stripe")
    Notification.objects.update(last_at=timezone.now() - timedelta(days=91))
    forget_notifications()
    assert not Notification.objects.exists()
