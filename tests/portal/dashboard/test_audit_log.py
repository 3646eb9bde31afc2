"""The audit log of a dashboard: what is written, what is not, and how it is read."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Visitor

from agencies.models import Agency
from agencies.opening import open_agency
from audit import proof, trail
from audit.models import AuditEntry
from billing.models import Package
from clients.models import Client
from people.models import User
from tenancy import door
from tests.portal.dashboard.conftest import Dashboard
from tests.support.portal import text_of

pytestmark = pytest.mark.django_db
ADA = trail.Who("member", "1", "ada@acme.test", "owner", "192.0.2.7")
LOOK = {
    "company_name": "Acme Calls",
    "primary_color": "#3b82f6",
    "accent_color": "#0f766e",
    "light_or_dark": "device",
}


def entries() -> list[AuditEntry]:
    return list(AuditEntry.objects.order_by("number"))


def a_client(acme: Agency) -> Client:
    with door.enter(acme):
        return Client.objects.create(name="Ben", email="ben@client.test")


def allocation(amount: str = "10", token: str = "0b9c8f3c-7a51-4c5e-8f9c-0123456789ab") -> dict[str, str]:
    return {"amount": amount, "description": "a gift", "form_token": token}


def test_a_change_is_written_with_who_from_where_and_what_is_different(ada: Dashboard, acme: Agency) -> None:
    assert ada.post("brand/", **LOOK).status_code == 302
    (entry,) = entries()
    assert (entry.what, entry.agency_id, entry.came_from) == ("brand.changed", acme.pk, "127.0.0.1")
    assert (entry.actor_kind, entry.actor_email, entry.actor_role) == ("member", "ada@acme.test", "owner")
    assert (entry.before, entry.after) == ({"company_name": "Acme Voice"}, {"company_name": "Acme Calls"})
    assert list(proof.problems(acme.pk)) == []


def test_saving_what_is_there_already_is_no_change(ada: Dashboard) -> None:
    ada.post("brand/", **LOOK)
    ada.post("brand/", **LOOK)
    assert len(entries()) == 1


def test_what_was_refused_is_not_written(ada: Dashboard, vic: Dashboard) -> None:
    assert ada.post("brand/", **{**LOOK, "primary_color": "blue"}).status_code == 200
    assert vic.post("brand/", **LOOK).status_code == 403
    assert entries() == []


def test_a_change_whose_entry_cannot_be_written_is_not_made(
    ada: Dashboard, acme: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_what: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(trail, "write", broken)
    with pytest.raises(ZeroDivisionError):
        ada.post("brand/", **LOOK)
    acme.branding.refresh_from_db()
    assert acme.branding.company_name == "Acme Voice"


def test_credits_by_hand_are_written_once_with_their_reason(ada: Dashboard, acme: Agency) -> None:
    client = a_client(acme)
    for _twice in range(2):
        assert ada.post(f"clients/{client.pk}/allocate/", **allocation()).status_code == 302
    (entry,) = entries()
    assert entry.subject == "Ben"
    assert entry.after == {"seconds": 600, "balance_seconds": 600, "why": "a gift"}


def test_an_undo_that_is_refused_is_not_written(ada: Dashboard, acme: Agency) -> None:
    client = a_client(acme)
    ada.post(f"clients/{client.pk}/allocate/", **allocation())
    for _twice in range(2):
        assert ada.post(f"clients/{client.pk}/entries/1/undo/", reason="a mistake").status_code == 302
    assert ada.post(f"clients/{client.pk}/entries/2/undo/", reason="an undo").status_code == 302
    assert [entry.what for entry in entries()] == ["credits.allocated", "credits.undone"]
    assert entries()[-1].after == {"seconds": -600, "balance_seconds": 0, "why": "a mistake"}


def test_a_package_is_written_with_its_price_before_and_after(ada: Dashboard, acme: Agency) -> None:
    form = {"name": "Starter", "credits": "100", "price": "40.00", "currency": "eur", "is_active": "on"}
    assert ada.post("packages/new/", **form).status_code == 302
    with door.enter(acme):
        package = Package.objects.get()
    assert ada.post(f"packages/{package.pk}/", **{**form, "price": "45.00"}).status_code == 302
    added, changed = entries()
    assert (added.what, changed.what, changed.subject) == ("package.added", "package.changed", "Starter")
    name = f"Starter ({package.pk})"
    assert (changed.before[name]["price_minor"], changed.after[name]["price_minor"]) == (4000, 4500)


def test_keys_are_written_by_their_masks(ada: Dashboard, stripe_keys: dict[str, str], acme: Agency) -> None:
    typed = {name: stripe_keys[name] for name in ("publishable_key", "secret_key") if name in stripe_keys}
    ada.post("payments/", **typed)
    told = "".join(f"{entry.before}{entry.after}" for entry in entries())
    assert "secret_key_mask" in told
    assert not [name for name, key in stripe_keys.items() if name.endswith("_key") and key in told]


def test_a_picture_is_written_by_its_address_or_the_name_of_its_file(ada: Dashboard) -> None:
    file = SimpleUploadedFile("logo.png", b"not drawn here")
    assert ada.post("brand/pictures/logo/", **{"logo-upload": file}).status_code == 302
    assert ada.post("brand/pictures/favicon/", **{"favicon-url": "https://acme.test/icon.png"}).status_code == 302
    assert ada.post("brand/pictures/favicon/", **{"favicon-url": "nowhere"}).status_code == 200
    for _twice in range(2):
        ada.post("brand/pictures/favicon/remove/")
    asked, named, removed = entries()
    assert [entry.what for entry in (asked, named, removed)] == ["picture.asked", "picture.asked", "picture.removed"]
    assert (asked.after, named.after) == ({"logo": "logo.png"}, {"favicon": "https://acme.test/icon.png"})
    assert removed.before["favicon"]["url"] == "https://acme.test/icon.png"


def test_an_export_is_written(ada: Dashboard) -> None:
    assert ada.get("purchases/csv/").status_code == 200
    assert [entry.what for entry in entries()] == ["export.purchases"]


def test_a_sign_in_is_written_in_every_agency_of_the_member(acme: Agency) -> None:
    user = User.objects.create_user("eve@acme.test", "a long enough password")
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    opened = [open_agency(slug=f"eve-{number}", company_name="Eve", owner=user) for number in (1, 2)]
    visitor = Visitor(HTTP_HOST="portal.localhost")
    form = {"login": "eve@acme.test", "password": "a long enough password"}
    assert visitor.post("/account/login/", form).status_code == 302
    signed_in = [(entry.agency_id, entry.what, entry.actor_email) for entry in AuditEntry.objects.order_by("agency_id")]
    assert signed_in == [(agency.pk, "member.signed_in", "eve@acme.test") for agency in opened]


def test_an_empty_log_says_what_will_be_there(ada: Dashboard) -> None:
    assert "Everything that somebody of your team changes" in text_of(ada.get("audit/"))


def test_the_page_shows_words_and_differences(ada: Dashboard) -> None:
    ada.post("brand/", **LOOK)
    said = text_of(ada.get("audit/"))
    assert "Changed the brand" in said
    assert "company name Acme Voice → Acme Calls" in said
    assert "127.0.0.1" in said


def test_entries_are_chosen_by_person_action_and_period(ada: Dashboard, mia: Dashboard) -> None:
    ada.post("brand/", **LOOK)
    mia.post("brand/", **{**LOOK, "company_name": "Acme of Mia"})
    mia.get("calls/csv/")
    by_mia = "Acme Calls → Acme of Mia"
    assert by_mia not in text_of(ada.get("audit/", who="ada@acme.test"))
    assert by_mia not in text_of(ada.get("audit/", who="manager@acme.test", what="export.calls"))
    assert by_mia in text_of(ada.get("audit/", who="manager@acme.test", what="brand.changed"))
    assert "No entry fits this choice" in text_of(ada.get("audit/", **{"from": "2001-01-01", "until": "2001-01-31"}))
    assert by_mia in text_of(ada.get("audit/", **{"from": "nonsense", "until": "2001-99-99", "below": "x"}))


def test_pages_follow_each_other_without_a_gap(ada: Dashboard, acme: Agency) -> None:
    for number in range(60):
        trail.write(agency_id=acme.pk, who=ADA, what="brand.changed", subject=f"no. {number}.")
    first, second = text_of(ada.get("audit/")), text_of(ada.get("audit/", below="11"))
    assert "no. 59." in first
    assert "no. 10." in first
    assert "no. 9." in second
    assert "no. 0." in second


def test_the_export_holds_the_choice_and_no_formula(ada: Dashboard, acme: Agency) -> None:
    trail.write(agency_id=acme.pk, who=ADA, what="brand.changed", subject="=1+1")
    trail.write(agency_id=acme.pk, who=ADA, what="package.moved")
    answer = ada.get("audit/csv/", what="brand.changed")
    header, *rows = csv.reader(io.StringIO(answer.getvalue().decode()))
    assert [row[header.index("subject")] for row in rows] == ["'=1+1"]
    assert len(rows[0][header.index("digest")]) == 64


def test_the_log_of_another_agency_is_not_shown(ada: Dashboard, globex: Agency) -> None:
    trail.write(agency_id=globex.pk, who=ADA, what="brand.changed", subject="of globex")
    assert "of globex" not in text_of(ada.get("audit/"))
    assert "of globex" not in ada.get("audit/csv/").getvalue().decode()
