"""Clients on the dashboard: who they are, what they did, credits given by hand."""

from uuid import uuid4

import pytest

from agencies.arrivals import arrive
from agencies.models import Agency
from billing import ledger, wallets
from billing.models import LedgerEntry
from calls import statement
from clients.models import Client
from follow_ups.models import FollowUp
from organizations.models import Organization
from people.models import User
from tenancy import door
from tests.support import credits

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(acme: Agency) -> Client:
    with door.enter(acme):
        return arrive(user=User.objects.create_user("ben@client.test"), name="Ben <b>Baker</b>")


def balance(agency: Agency, client: Client) -> int:
    with door.enter(agency):
        return wallets.get(client.pk).balance


def allocate(person, client: Client, **changed: str):
    form = {"amount": "10", "description": "Invoice 1", "form_token": str(uuid4()), **changed}
    return person.post(f"clients/{client.pk}/allocate/", **form)


def test_a_client_is_in_the_table_at_once(ada, ben: Client) -> None:
    page = ada.get("clients/").content.decode()
    assert "ben@client.test" in page
    assert "Being set up" in page
    assert "<b>Baker" not in page


def test_an_empty_table_teaches(ada) -> None:
    assert b"Nobody has signed up yet" in ada.get("clients/").content
    assert b"Nobody found" in ada.get("clients/", search="zoe").content


def test_credits_given_are_there_at_once_and_on_the_statement(ada, acme: Agency, ben: Client) -> None:
    assert allocate(ada, ben, amount="2.5").status_code == 302
    assert balance(acme, ben) == 150
    page = ada.get(f"clients/{ben.pk}/").content.decode()
    assert "+2.50" in page
    assert "Invoice 1" in page
    assert "ada@acme.test" in page


def test_the_same_form_sent_twice_counts_once(ada, acme: Agency, ben: Client) -> None:
    token = str(uuid4())
    for _twice in range(2):
        assert allocate(ada, ben, form_token=token).status_code == 302
    assert balance(acme, ben) == 600


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("amount", "", "Say how many"),
        ("amount", "ten", "Type a number of credits"),
        ("amount", "0", "0 changes nothing"),
        ("amount", "0.01", "whole seconds"),
        ("amount", "-1", "Only 0 credits"),
        ("amount", "10001", "At most 10,000 credits"),
        ("amount", "99999999999999", "Type a number"),
        ("amount", "1e9", "Type a number"),
        ("amount", "NaN", "Type a number"),
        ("description", "", "Say what it is for"),
        ("description", "x" * 201, "200"),
    ],
)
def test_an_absurd_allocation_is_explained_beside_its_field(
    ada, acme: Agency, ben: Client, field: str, value: str, sentence: str
) -> None:
    page = allocate(ada, ben, **{field: value})
    assert page.status_code == 200
    assert sentence in str(page.context["form"].errors[field])
    assert balance(acme, ben) == 0


def test_fields_that_nobody_asked_for_change_nothing(ada, acme: Agency, ben: Client) -> None:
    allocate(ada, ben, balance="999999", client_id=str(uuid4()), livemode="", source="stripe")
    with door.enter(acme):
        entry = LedgerEntry.objects.get()
    assert (entry.wallet_id, entry.amount, entry.source) == (ben.pk, 600, "agency")


def test_another_agencys_client_is_not_there(ada, globex: Agency) -> None:
    with door.enter(globex):
        zoe = Client.objects.create(name="Zoe", email="zoe@client.test")
    assert ada.get(f"clients/{zoe.pk}/").status_code == 404
    assert allocate(ada, zoe).status_code == 404
    assert balance(globex, zoe) == 0


def test_a_viewer_looks_and_gives_nothing(vic, acme: Agency, ben: Client) -> None:
    assert vic.get(f"clients/{ben.pk}/").status_code == 200
    assert b'name="amount"' not in vic.get(f"clients/{ben.pk}/").content
    assert allocate(vic, ben).status_code == 403
    assert balance(acme, ben) == 0


def test_a_long_statement_goes_on_page_by_page(ada, acme: Agency, ben: Client) -> None:
    with door.enter(acme):
        for number in range(25):
            ledger.post(
                client_id=ben.pk,
                amount=60,
                kind=LedgerEntry.Kind.ALLOCATION,
                source="agency",
                source_id=str(number),
                fact={},
                livemode=True,
                actor={},
                reason=f"Number {number:02d}",
            )
    first = ada.get(f"clients/{ben.pk}/")
    assert len(first.context["entries"]) == 20
    second = ada.get(f"clients/{ben.pk}/", before=str(first.context["older"]))
    assert [row.below for row in second.context["entries"]] == ["5.00", "4.00", "3.00", "2.00", "1.00"]
    assert ada.get(f"clients/{ben.pk}/", before="x").status_code == 200


def test_a_statement_beyond_a_thousand_lines_goes_on_where_it_stopped(
    ada, ben: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "page", lambda *args, **how: statement.Page([], 1082))
    assert b'href="?before=1082#statement"' in ada.get(f"clients/{ben.pk}/").content


def test_an_organization_that_waits_can_be_tried_again(ada, acme: Agency, ben: Client) -> None:
    FollowUp.objects.all().delete()
    assert b"Try again" in ada.get(f"clients/{ben.pk}/").content
    ada.post(f"clients/{ben.pk}/organization/retry/")
    assert FollowUp.objects.get().kind == "organization"


def test_a_lost_key_is_asked_for_and_proved(ada, acme: Agency, ben: Client, hms_key) -> None:
    ada.post("hms/", api_key=hms_key)
    with door.enter(acme):
        Organization.objects.update(state=Organization.State.UNCLEAR, hms_id="another")
    page = ada.post(f"clients/{ben.pk}/organization/key/", api_key=hms_key)
    assert "another organization" in str(page.context["key_form"].errors["api_key"])


@pytest.mark.parametrize("what", ["key", "retry"])
def test_a_client_without_an_organization_has_none_to_repair(ada, acme: Agency, ben: Client, what: str) -> None:
    with door.enter(acme):
        Organization.objects.all().delete()
    assert ada.post(f"clients/{ben.pk}/organization/{what}/", api_key="fl_0123456789").status_code == 404


def undo(person, client: Client, version: int = 1, **form: str):
    return person.post(f"clients/{client.pk}/entries/{version}/undo/", **form)


def test_credits_given_by_mistake_are_undone_and_both_lines_say_so(ada, acme: Agency, ben: Client) -> None:
    allocate(ada, ben)
    page = ada.get(f"clients/{ben.pk}/").content.decode()
    assert "This takes 10.00 credits back." in page
    assert undo(ada, ben, reason="Wrong client").status_code == 302
    assert balance(acme, ben) == 0
    page = ada.get(f"clients/{ben.pk}/").content.decode()
    for words in ("Undone: Added by Acme Voice", "Wrong client", "The balance is 0.00 now", "· undone"):
        assert words in page
    assert "/undo/" not in page


def test_undoing_twice_counts_once(ada, acme: Agency, ben: Client) -> None:
    allocate(ada, ben)
    for _twice in range(2):
        undo(ada, ben)
    assert balance(acme, ben) == 0
    assert "it counts once" in ada.get(f"clients/{ben.pk}/").content.decode()


def test_what_cannot_be_undone_is_explained(ada, acme: Agency, ben: Client) -> None:
    allocate(ada, ben)
    allocate(ada, ben, amount="-4")
    undo(ada, ben)
    assert balance(acme, ben) == 360
    assert "Only 6 credits and 0 seconds can be taken away." in ada.get(f"clients/{ben.pk}/").content.decode()
    assert undo(ada, ben, 99).status_code == 404


def test_a_viewer_undoes_nothing(ada, vic, acme: Agency, ben: Client) -> None:
    allocate(ada, ben)
    assert b"/undo/" not in vic.get(f"clients/{ben.pk}/").content
    assert undo(vic, ben).status_code == 403
    assert balance(acme, ben) == 600


def test_credits_of_a_client_that_expire_are_shown(ada, acme: Agency, ben: Client) -> None:
    assert b"Credits that expire" not in ada.get(f"clients/{ben.pk}/").content
    with door.enter(acme):
        credits.bought(ben, 600, lifetime_days=30)
    assert b"Credits that expire" in ada.get(f"clients/{ben.pk}/").content


def test_the_page_of_a_client_who_has_done_nothing_says_so_everywhere(ada, ben: Client) -> None:
    page = ada.get(f"clients/{ben.pk}/").content.decode()
    for sentence in ("Nothing yet", "No calls yet", "No purchases yet", "No purchase yet", "Never called"):
        assert sentence in page
    assert "Being set up" in page


def test_the_table_leads_into_giving_credits_in_one_click(ada, vic, ben: Client) -> None:
    way = f"/agencies/acme/clients/{ben.pk}/?give=yes#allocate"
    assert way in ada.get("clients/").content.decode()
    assert way not in vic.get("clients/").content.decode()
    form = ada.get(f"clients/{ben.pk}/", give="yes").context["form"]
    assert form.fields["amount"].widget.attrs["autofocus"]


def test_what_was_typed_stays_when_an_allocation_is_refused(ada, ben: Client) -> None:
    page = allocate(ada, ben, amount="10", description="").content.decode()
    assert 'value="10"' in page
    assert "Paid so far" in page
