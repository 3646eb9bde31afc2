"""Starting a call: a number, an assistant, what it costs at most; and one clear sentence when it cannot be."""

import re
import uuid
from typing import Any

import pytest
from django.core.cache import cache

from billing import wallets
from billing.models import LedgerEntry
from calls.models import Call
from clients.models import Client
from organizations.models import Organization
from tenancy import door
from tests.support.portal import Person, Portal, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(portal: Portal) -> Person:
    return portal.person(credit=6000)


def org_of(portal: Portal, person: Person) -> Any:
    with door.enter(portal.agency):
        return portal.says.of(Organization.objects.get(client=person.client))


def form_of(answer: Any) -> dict[str, str]:
    """What the form holds before anybody types."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}


def dial(person: Person, destination: str = "+31 20 123 4567", **changes: str) -> Any:
    return send(person, form_of(person.get("/calls/start/")) | {"destination": destination} | changes)


def send(person: Person, filled: dict[str, str]) -> Any:
    """Send the form, and say yes when it asks what the call may cost."""
    answer = person.post("/calls/start/", filled)
    asked = b'name="agreed"' in answer.content
    return person.post("/calls/start/", form_of(answer)) if asked else answer


def calls_of(portal: Portal) -> list[tuple[str, str]]:
    with door.enter(portal.agency):
        return list(Call.objects.values_list("customer_number", "direction"))


def test_a_call_is_placed_and_can_be_watched(portal: Portal, ben: Person) -> None:
    answer = dial(ben)
    assert answer.headers["Location"] == "/"
    assert calls_of(portal) == [("+31201234567", "outbound")]
    page = ben.sees("/")
    assert "Call to +31 2 ••• 4567" in page
    assert "30.00 held by 1 call" in page


def test_nothing_is_dialled_before_its_cost_was_agreed_to(portal: Portal, ben: Person) -> None:
    filled = form_of(ben.get("/calls/start/")) | {"destination": "+31 20 123 4567"}
    question = ben.post("/calls/start/", filled)
    assert "Call now? To +31201234567 Assistant Assistant Costs at most 30.50" in text_of(question)
    assert calls_of(portal) == []
    assert ben.post("/calls/start/", form_of(question)).headers["Location"] == "/"
    assert len(calls_of(portal)) == 1


def test_a_call_that_may_cost_more_than_agreed_asks_again(portal: Portal) -> None:
    ann = portal.person("ann", credit=600)
    question = ann.post("/calls/start/", form_of(ann.get("/calls/start/")) | {"destination": "+31201234567"})
    portal.post(ann, 600, LedgerEntry.Kind.ALLOCATION)
    again = ann.post("/calls/start/", form_of(question))
    assert "More is available than a moment ago" in text_of(again)
    assert "Costs at most 20.50" in text_of(again)
    assert calls_of(portal) == []
    assert ann.post("/calls/start/", form_of(again)).headers["Location"] == "/"


def test_something_can_be_changed_before_it_is_agreed_to(portal: Portal, ben: Person) -> None:
    filled = form_of(ben.get("/calls/start/")) | {"destination": "+31201234567"}
    question = ben.post("/calls/start/", filled)
    page = ben.post("/calls/start/", form_of(question) | {"change": "yes"})
    assert 'value="+31201234567"' in page.content.decode()
    assert b'name="agreed"' not in page.content
    changed = ben.post("/calls/start/", form_of(page) | {"destination": "+31209999999"})
    assert "To +31209999999" in text_of(changed)
    assert calls_of(portal) == []


def test_the_page_says_what_the_call_costs_at_most(portal: Portal) -> None:
    assert "Costs at most 30.50" in portal.person("ann", credit=6000).sees("/calls/start/")
    assert "Costs at most 10.50" in portal.person("bea", credit=600).sees("/calls/start/")


@pytest.mark.parametrize("number", ["0201234567", "hello", "+31", "+0123456789", "+31 20 123 4567 890 123", ""])
def test_a_number_that_is_none_is_told_beside_the_field(portal: Portal, ben: Person, number: str) -> None:
    answer = dial(ben, number)
    assert answer.status_code == 200
    assert b'id="id_destination_error"' in answer.content
    assert b'aria-invalid="true"' in answer.content
    assert calls_of(portal) == []


def test_without_credits_the_way_leads_to_the_packages(portal: Portal) -> None:
    answer = portal.person(credit=20).get("/calls/start/")
    assert "You need credits for a call" in text_of(answer)
    assert "0.33 credits free" in text_of(answer)
    assert b'href="/buy/"' in answer.content


def test_credits_that_ran_out_after_the_page_was_opened_place_no_call(portal: Portal, ben: Person) -> None:
    filled = form_of(ben.get("/calls/start/"))
    with door.enter(portal.agency):
        wallets.set_aside(ben.client.pk, 5990)
    answer = ben.post("/calls/start/", filled | {"destination": "+31201234567"})
    assert "You need credits for a call" in text_of(answer)
    assert calls_of(portal) == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Organization.State.WANTED, "Your calls are being set up"),
        (Organization.State.REQUESTED, "Your calls are being set up"),
        (Organization.State.UNCLEAR, "takes longer than usual"),
        (Organization.State.SUSPENDED, "Calls are switched off for you at the moment"),
    ],
)
def test_an_organization_that_is_not_ready_is_told(portal: Portal, ben: Person, state: str, words: str) -> None:
    with door.enter(portal.agency):
        Organization.objects.update(state=state)
    assert words in ben.sees("/calls/start/")
    assert words in text_of(ben.post("/calls/start/", {"destination": "+31201234567"}))


def test_a_suspended_client_is_told(portal: Portal, ben: Person) -> None:
    with door.enter(portal.agency):
        Client.objects.update(state=Client.State.SUSPENDED)
    assert "Calls are switched off for you at the moment" in ben.sees("/calls/start/")


def test_minutes_that_ran_out_at_the_provider_are_told_without_its_name(portal: Portal, ben: Person) -> None:
    portal.says.refuses("POST /calls/outbound", status=402, error="Insufficient minutes")
    page = text_of(dial(ben))
    assert "Calls are not possible at the moment." in page
    assert "HMS" not in page
    with door.enter(portal.agency):
        assert wallets.get(ben.client.pk).held == 0


def test_a_provider_that_is_away_is_told(portal: Portal, ben: Person) -> None:
    portal.says.breaks("GET /assistants")
    assert "Calls cannot be placed right now" in ben.sees("/calls/start/")


def test_a_key_that_does_not_open_is_told_kindly(portal: Portal, ben: Person, caplog: Any) -> None:
    filled = form_of(ben.get("/calls/start/"))
    with door.enter(portal.agency):
        Organization.objects.update(api_key_sealed=b"\x01" + bytes(60))
    cache.clear()
    assert "Calls cannot be placed right now" in ben.sees("/calls/start/")
    assert "Your assistants go on working" in ben.sees("/assistants/")
    assert ben.post("/calls/start/", filled | {"destination": "+31201234567"}).status_code == 200
    assert "does not open" in caplog.text


def test_a_key_that_stops_to_open_meanwhile_gives_the_time_back(portal: Portal, ben: Person) -> None:
    filled = form_of(ben.get("/calls/start/"))
    with door.enter(portal.agency):
        Organization.objects.update(api_key_sealed=b"\x01" + bytes(60))
    answer = send(ben, filled | {"destination": "+31201234567"})
    assert "Calls cannot be placed right now" in text_of(answer)
    with door.enter(portal.agency):
        assert wallets.get(ben.client.pk).held == 0


def test_a_lost_answer_leads_to_the_calls_and_places_no_second_one(portal: Portal, ben: Person) -> None:
    portal.says.loses_the_answer("POST /calls/outbound")
    assert dial(ben).headers["Location"] == "/calls/"
    assert "We do not know yet whether this call was placed" in ben.sees("/calls/")
    assert portal.says.requests.count("POST /calls/outbound") == 1


def test_the_same_form_places_one_call(portal: Portal, ben: Person) -> None:
    filled = form_of(ben.get("/calls/start/")) | {"destination": "+31201234567", "agreed": "1830"}
    ben.post("/calls/start/", filled)
    assert ben.post("/calls/start/", filled).headers["Location"] == "/calls/"
    assert "placed already" in ben.sees("/calls/")
    assert len(calls_of(portal)) == 1


def test_a_number_corrected_after_a_refusal_is_dialled(portal: Portal, ben: Person) -> None:
    portal.says.refuses("POST /calls/outbound", status=400, error="Invalid number")
    refused = dial(ben)
    assert "This call could not be placed" in text_of(refused)
    answer = send(ben, form_of(refused) | {"destination": "+31201234568"})
    assert answer.headers["Location"] == "/"
    assert calls_of(portal) == [("+31201234568", "outbound")]


def test_what_was_chosen_stays_after_a_refusal(portal: Portal, ben: Person) -> None:
    org_of(portal, ben).assistants.append({"id": "sales", "name": "Sales"})
    portal.says.refuses("POST /calls/outbound", status=400, error="Invalid number")
    page = dial(ben, assistant="sales").content.decode()
    assert 'value="sales" selected' in page
    assert 'value="+31 20 123 4567"' in page


def test_several_assistants_and_numbers_can_be_chosen(portal: Portal, ben: Person) -> None:
    org = org_of(portal, ben)
    org.assistants.append({"id": "sales", "name": "Sales"})
    org.assistants.append({"id": "gone", "name": "Gone", "is_active": False})
    org.numbers += [{"id": f"n{digit}", "phone_number": f"+3120000000{digit}"} for digit in (1, 2)]
    page = ben.get("/calls/start/").content.decode()
    assert page.count("<select") == 2
    assert "Sales" in page
    assert "Gone" not in page
    dial(ben, assistant="sales", number="n2")
    with door.enter(portal.agency):
        call = Call.objects.get()
    assert (call.assistant_name, call.own_number) == ("Sales", "+31200000002")


def test_an_assistant_of_somebody_else_is_refused(portal: Portal, ben: Person) -> None:
    answer = dial(ben, assistant=str(uuid.uuid4()))
    assert answer.headers["Location"] == "/calls/start/"
    assert "nothing was dialled" in ben.sees("/calls/start/")
    assert calls_of(portal) == []


def test_assistants_are_shown_with_their_first_words_and_voice(portal: Portal, ben: Person) -> None:
    org_of(portal, ben).assistants.append(
        {"id": "s", "name": "Sales", "is_active": False, "first_message": "Hi!", "tts_config": {"voice": "nova"}}
    )
    page = ben.sees("/assistants/")
    assert "“Hello, how can I help you?” · calls up to 30 min Active" in page
    assert "Sales “Hi!” · Voice: nova Off" in page


def test_without_assistants_the_page_teaches_what_one_is(portal: Portal, ben: Person) -> None:
    org_of(portal, ben).assistants.clear()
    assert "An assistant has a voice, a first sentence and a task" in ben.sees("/assistants/")


def test_assistants_that_cannot_be_asked_for_go_on_working(portal: Portal, ben: Person) -> None:
    portal.says.breaks("GET /assistants")
    assert "Your assistants go on working" in ben.sees("/assistants/")


def test_while_it_is_set_up_no_assistant_is_asked_for(portal: Portal) -> None:
    assert "Your first assistant appears here" in portal.person(is_ready=False).sees("/assistants/")
