"""Secrets of a client's own tool are stored, used and made to fail; then all that was said is searched for them."""

import logging
from typing import Any

import pytest

from agencies.models import Agency
from organizations import custom_tools, relay, tool_requests
from organizations.models import Delivery, Organization
from organizations.refusals import WrongField
from outside.lanes import Lanes
from tenancy import door
from tests.support import endpoint as endpoints
from tests.support import hms_says
from tests.support.hms_says import Hms
from vault.models import DataKey

pytestmark = pytest.mark.django_db
VALUE, SECRET = "Bearer CanaryOfAHeader", "CanaryThatSigns"
says = hms_says.says


def test_no_secret_of_a_tool_is_seen_anywhere(
    acme: Agency, says: Hms, caplog: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LANES", Lanes())
    caplog.set_level(logging.DEBUG)
    hms_says.connect(says, acme)
    seen: list[str] = []
    with door.enter(acme), endpoints.listening() as crm:
        ben = hms_says.ready(says)
        kept: dict[str, Any] = {
            "name": "find",
            "description": "Finds.",
            "parameters": {},
            "url": crm.url,
            "headers": {"Authorization": VALUE},
            "secret": SECRET,
            "timeout_seconds": 1,
        }
        tool = custom_tools.add(organization=ben, **kept)
        for wrong in ({"url": "https://10.0.0.1/"}, {"headers": {"Host": VALUE}}, {"name": "find"}):
            with pytest.raises(WrongField) as refused:
                custom_tools.add(organization=ben, **kept | {"name": "other"} | wrong)
            seen.append(f"{refused.value!r} {refused.value} {vars(refused.value)}")
        for body, status in ((b"{}", "200 OK"), (b"no", "500 Oops")):
            crm.says(body, status)
            seen.append(repr(tool_requests.try_it(ben, tool, {})))
        crm.hangs()
        seen.append(repr(tool_requests.try_it(ben, tool, {})))
        assert all(VALUE in str(request.headers) for request in crm.requests)
        rows = [*Organization.objects.all(), *Delivery.objects.all(), *DataKey.objects.all()]
        seen += [f"{row!r} {row} {vars(row)}" for row in rows]
        seen += [repr(tool), repr(custom_tools.opened(ben, tool)), str(tool.entry())]
    seen += [caplog.text, *capsys.readouterr()]
    assert [text for text in seen if "CanaryOf" in text or "CanaryThat" in text] == []
