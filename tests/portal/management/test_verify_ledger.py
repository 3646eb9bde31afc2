import json

import pytest
from django.core.management import CommandError, call_command

from agencies.models import Agency
from billing import wallets
from clients.models import Client
from tenancy import door
from tests.support.booking import book, clients, tamper


def test_a_sound_ledger_is_said_to_be_proved(acme: Agency, capsys: pytest.CaptureFixture[str]) -> None:
    with door.enter(acme):
        book(clients(1)[0].pk, 1)
    call_command("verify_ledger", agency="acme")
    said = capsys.readouterr()
    assert "The ledger is proved: 1 agencies, 1 wallets, 1 entries, 0 open conflicts, no findings." in said.out
    assert "acme: 1 wallets, 1 entries" in said.err


def test_every_agency_is_proved_and_told_as_json(
    acme: Agency, globex: Agency, capsys: pytest.CaptureFixture[str]
) -> None:
    with door.enter(globex):
        book(clients(1)[0].pk, 1)
    call_command("verify_ledger", all=True, json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["agency"], line["entries"]) for line in told][:2] == [("acme", 0), ("globex", 1)]


def test_what_is_wrong_is_named_and_the_command_fails(own_agency: Agency, capsys: pytest.CaptureFixture[str]) -> None:
    with door.enter(own_agency):
        client_id = clients(1)[0].pk
        book(client_id, 1)
        tamper("UPDATE billing_ledgerentry SET reason = 'x'")
    with pytest.raises(CommandError, match="1 findings in 1 agencies"):
        call_command("verify_ledger", agency=own_agency.slug)
    assert f"{own_agency.slug}: I6: wallet {client_id}, entry 1:" in capsys.readouterr().out


def test_seconds_that_no_running_call_holds_are_a_finding(inside_acme: Agency, ben: Client) -> None:
    book(ben.pk, 1)
    wallets.set_aside(ben.pk, 30)
    with door.leave(), pytest.raises(CommandError, match="1 findings"):
        call_command("verify_ledger", agency="acme")


def test_an_unknown_agency_is_said_to_be_unknown(acme: Agency) -> None:
    with pytest.raises(CommandError, match="no agency with the slug 'acmee'"):
        call_command("verify_ledger", agency="acmee")


def test_a_closed_agency_is_not_entered(acme: Agency) -> None:
    Agency.objects.filter(pk=acme.pk).update(state=Agency.State.CLOSED)
    with pytest.raises(CommandError, match="acme is closed"):
        call_command("verify_ledger", agency="acme")


@pytest.mark.parametrize("arguments", [[], ["--all", "--agency", "acme"]])
def test_one_of_agency_and_all_has_to_be_said(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("verify_ledger", *arguments)
