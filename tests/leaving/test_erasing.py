"""Erasing an agency: everything goes, once and counted, whoever is killed on the way; the certificate says so."""

import io
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Visitor
from django.utils import timezone

from agencies import addresses, opening
from agencies.models import Agency
from billing import wallets
from billing.models import LedgerEntry, Wallet
from domains.models import Domain
from follow_ups import agenda
from follow_ups.models import FollowUp
from inbox.models import HmsEndpoint, StripeEvent
from leaving import archive, certificates, closing, erasing, exports
from leaving.models import Erasure
from people.models import User
from portal.jobs import KINDS, registry
from tenancy import door, dropping
from tests.support.cast import Cast
from vault import connections, signing
from vault.models import DataKey

pytestmark = pytest.mark.django_db
Step = Erasure.Step


@pytest.fixture
def over(acme: Agency, cast: Cast) -> Agency:
    """Acme with everything an agency has, whose days of grace are over."""
    connections.save_stripe_keys(
        agency_id=acme.pk, publishable_key="pk_test_1234567890", secret_key="sk_test_CANARYCANARY1234"
    )
    StripeEvent.objects.create(
        agency=acme, event_id="evt_1", type="x", livemode=False, event_at=timezone.now(), payload=b"{}", state="applied"
    )
    Domain.objects.filter(tenant=acme, kind="custom").update(state="verified", verified_at=timezone.now())
    export = exports.ask(agency_id=acme.pk, asked_by={})
    with door.enter(acme):
        exports.make(export_id=export.pk, now=timezone.now())
    closing.close(agency_id=acme.pk, typed="acme", now=timezone.now() - timedelta(days=31))
    return acme


def work(agency: Agency) -> Any:
    """The job as a worker does it."""
    agency = Agency.objects.get(pk=agency.pk)
    if not agency.is_ready:
        return KINDS[closing.KIND](str(agency.pk))
    with door.enter(agency):
        return KINDS[closing.KIND](str(agency.pk))


def erased(agency: Agency) -> Erasure:
    while work(agency) is not None:
        pass
    return Erasure.objects.get(pk=agency.pk)


def schema_is_there(agency: Agency) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [agency.schema_name])
        return bool(cursor.fetchone()[0])


def test_nothing_is_left_but_what_the_certificate_names(over: Agency) -> None:
    files = [archive.path_of(export.pk) for export in over.exports.all()]
    assert all(file.exists() for file in files)
    with door.enter(over):
        rows, entries = Wallet.objects.count(), LedgerEntry.objects.count()
    erasure = erased(over)
    over.refresh_from_db()
    assert (over.state, erasure.step) == (Agency.State.CLOSED, Step.DONE)
    assert not schema_is_there(over)
    assert not any(file.exists() for file in files)
    for relation in Agency._meta.related_objects:
        left = relation.related_model._default_manager.filter(**{relation.field.attname: over.pk})
        assert not left.exists() or relation.related_model in (Domain, FollowUp), relation.related_model
    assert not HmsEndpoint.objects.filter(agency_id=over.pk).exists()
    said = certificates.verified(erasure.certificate)
    counted = said["erased_rows_by_table"]
    assert (counted["agency.billing_wallet"], counted["agency.billing_ledgerentry"]) == (rows, entries)
    assert counted["public.inbox_stripeevent"] == 1
    assert counted["public.vault_stripeconnection"] == counted["public.vault_datakey"] == 1
    assert counted["public.agencies_membership"] == 1


def test_chains_and_sums_are_kept_and_no_name_with_them(over: Agency, cast: Cast) -> None:
    with door.enter(over):
        wallet = wallets.get(cast.ids_of_acme["client_id"])
    erasure = erased(over)
    assert {
        "wallet": str(wallet.pk),
        "entries": 1,
        "balance_seconds": 600,
        "digest": bytes(wallet.digest).hex(),
    } in erasure.chains
    (month,) = erasure.ledger
    assert (month["kind"], month["entries"], month["seconds"]) == ("allocation", 1, 600)
    for name in ("Ben", "Bob", "client.test", "+31", "CANARYCANARY"):
        assert name not in erasure.certificate, name


def test_keys_go_before_anything_else_and_cannot_be_opened(over: Agency, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(erasing._STEPS, Step.INBOX, _die)
    with pytest.raises(Killed):
        erased(over)
    assert not DataKey.objects.filter(agency=over).exists()
    with pytest.raises(connections.NotConnected):
        connections.stripe_secret_key(over.pk)
    assert schema_is_there(over)


class Killed(BaseException):
    """The process is gone."""


def _die(erasure: Erasure) -> bool:
    raise Killed


def test_whoever_is_killed_in_a_step_leaves_it_to_the_next_and_nothing_is_counted_twice(
    over: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before each step's work and after it, just before it is committed."""
    steps = [step for step in Step if step != Step.DONE]
    for number, step in enumerate(steps):
        does = erasing._STEPS[step]

        def works_and_dies(erasure: Erasure, does: Callable[[Erasure], bool] = does) -> bool:
            does(erasure)
            raise Killed

        for dies in (_die, works_and_dies):
            monkeypatch.setitem(erasing._STEPS, step, dies)
            with pytest.raises(Killed):
                erased(over)
            half = Erasure.objects.get(pk=over.pk)
            assert (half.step, half.certificate) == (step, "")
            assert Agency.objects.get(pk=over.pk).state == Agency.State.CLOSING
            assert schema_is_there(over) == (number <= steps.index(Step.SCHEMA))
        monkeypatch.setitem(erasing._STEPS, step, does)
    counted = erased(over).erased
    assert counted["agency.clients_client"] == 2
    assert counted["public.inbox_stripeevent"] == counted["public.branding_branding"] == 1


def test_from_the_beginning_on_nobody_enters(over: Agency) -> None:
    work(over)
    over.refresh_from_db()
    assert over.state == Agency.State.CLOSING
    with pytest.raises(door.AgencyNotReady), door.enter(over):
        pass
    assert Visitor(HTTP_HOST="acme.portal.localhost").get("/statement/").status_code == 404
    kinds = set(FollowUp.objects.filter(agency=over).values_list("kind", flat=True))
    assert kinds <= erasing.AFTER_THE_END


def test_the_worker_ends_it_and_mails_the_certificate(over: Agency, mailoutbox: list[Any]) -> None:
    for _time in range(6):
        for row in agenda.claim():
            # What was handed out before it began is not done any more.
            with suppress(door.AgencyNotReady):
                registry.look_after(
                    agency_id=row.agency_id, row=row.id, kind=row.kind, subject=row.subject, serial=row.serial
                )
    (mail,) = [mail for mail in mailoutbox if mail.attachments]
    assert mail.to == ["ada@acme.test"]
    assert mail.subject == "Acme Voice is erased: your certificate"
    name, text, _kind = mail.attachments[0]
    assert name == "acme-certificate.json"
    assert certificates.verified(text)["agency"]["slug"] == "acme"
    left = set(FollowUp.objects.filter(agency=over).values_list("kind", flat=True))
    assert left == {addresses.KIND, "check_domain"}


def test_what_is_to_be_done_is_found_again_from_the_rows(over: Agency) -> None:
    def wanted() -> set[tuple[str, str]]:
        return set(FollowUp.objects.filter(agency=over).values_list("kind", "subject"))

    (export,) = over.exports.all()
    FollowUp.objects.all().delete()
    call_command("follow_ups", "rebuild", "--all", stdout=io.StringIO())
    assert {(closing.KIND, str(over.pk)), (exports.DROP_KIND, str(export.pk))} <= wanted()
    work(over)
    FollowUp.objects.all().delete()
    call_command("follow_ups", "rebuild", "--all", stdout=io.StringIO())
    assert (closing.KIND, str(over.pk)) in wanted()
    erased(over)
    FollowUp.objects.all().delete()
    call_command("follow_ups", "rebuild", "--all", stdout=io.StringIO())
    assert {kind for kind, _subject in wanted()} == {addresses.KIND, "check_domain"}


def test_domains_are_released_and_the_slug_is_nobodys_for_ninety_days(over: Agency) -> None:
    erased(over)
    assert {row.state for row in over.domains.filter(kind="custom")} == {"released"}
    assert not opening.is_free("acme")
    slug = over.domains.get(kind="slug")
    assert slug.gives_way_at
    addresses.give_way(domain_id=slug.pk, now=slug.gives_way_at)
    opened = opening.open_agency(slug="acme", company_name="New Acme", owner=User.objects.get(email="gus@globex.test"))
    assert opened.pk != over.pk


def test_the_owner_fetches_the_certificate_and_nobody_else(over: Agency, cast: Cast) -> None:
    erased(over)
    ada, gus = cast.on_platform("ada"), cast.on_platform("gus")
    assert b"Certificate" in ada.get("/agencies/").content
    answer = ada.get(f"/agencies/closed/{over.pk}/")
    assert certificates.verified(answer.content.decode())
    assert gus.get(f"/agencies/closed/{over.pk}/").status_code == 404
    assert cast.on_platform("nobody").get(f"/agencies/closed/{over.pk}/").status_code == 302


@pytest.fixture
def certificate(over: Agency, tmp_path: Path) -> Path:
    file = tmp_path / "certificate.json"
    file.write_text(erased(over).certificate)
    return file


def verify(*args: str) -> str:
    out = io.StringIO()
    call_command("verify_certificate", *args, stdout=out)
    return out.getvalue()


def test_the_command_proves_a_certificate(certificate: Path) -> None:
    assert verify(str(certificate)).startswith("Genuine. Acme Voice")
    # Written down in another way it says the same.
    certificate.write_text(json.dumps(json.loads(certificate.read_text())))
    assert verify(str(certificate)).startswith("Genuine.")


def test_an_altered_certificate_is_found(certificate: Path) -> None:
    genuine = certificate.read_text()
    for alter in (
        lambda said: said["erased_rows_by_table"].update({"agency.clients_client": 3}),
        lambda said: said["wallets"].pop(),
        lambda said: said["signature"].update(signature="AAAA"),
        lambda said: said.pop("signature"),
    ):
        said = json.loads(genuine)
        alter(said)
        certificate.write_text(json.dumps(said))
        with pytest.raises(CommandError):
            verify(str(certificate))


def test_a_certificate_of_somebody_else_is_found_and_an_old_key_still_proves(certificate: Path, settings: Any) -> None:
    ours = verify("--show-key").strip()
    settings.CERTIFICATE_KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    assert verify("--show-key").strip() != ours
    assert verify(str(certificate)).startswith("Genuine.")
    settings.VAULT_KEYS = ["YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODk="]
    with pytest.raises(CommandError, match="another key"):
        verify(str(certificate))
    assert verify(str(certificate), "--key", ours).startswith("Genuine.")


def test_the_key_that_signs_is_not_the_one_that_seals(settings: Any) -> None:
    assert signing.public_keys()[0] not in settings.VAULT_KEYS


def test_nothing_but_an_agencys_schema_is_ever_dropped() -> None:
    for schema in ("public", "a_template", "a_0", 'a_1"; --'):
        with pytest.raises(dropping.NotAnAgencys):
            dropping.drop(schema)
        with pytest.raises(dropping.NotAnAgencys):
            dropping.hold(schema)


def test_every_table_that_names_an_agency_is_met() -> None:
    """By a foreign key, which the erasing follows by itself; a bare number would be missed, so it is listed here."""
    bare = {
        model._meta.db_table
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name == "agency_id"
    }
    assert bare == {"audit_auditentry", "audit_audithead", "leaving_erasure"}
