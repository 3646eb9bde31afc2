"""Calls that run, and ending one, alike for a client and for the agency.

Whoever calls has checked whose call it is.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from calls import ending
from calls.going_on import GoingOn
from calls.models import Call
from portal import wording

# A list without a running call is looked at again at leisure.
BUSY_SECONDS, QUIET_SECONDS = 2, 15


def live(calls: list[GoingOn]) -> dict[str, Any]:
    """The calls that run, for `calls/_live.html`, and how soon to look again."""
    return {
        "live": [{"of": each, "title": wording.call_title(each.call)} for each in calls],
        "every": BUSY_SECONDS if calls else QUIET_SECONDS,
    }


def end(request: HttpRequest, call: Call, *, actor: Mapping[str, str]) -> None:
    """Have the call ended, and say on the next page what came of it."""
    try:
        ending.end(call, actor=actor)
    except ending.NotRunning as refused:
        messages.info(request, str(refused))
    except ending.CannotEnd as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The call was ended. What it took shows here in a moment."))
