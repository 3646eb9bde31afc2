"""Ending a call that runs, because somebody asks for it. What it took is booked as for any other call.

HMS alone knows whether a call runs: it is asked, and its list is read again whatever it answers.
"""

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from calls.models import Call
from follow_ups import agenda
from hms_client import BadRequest, Forbidden, HMSError, NotFound, RateLimited
from organizations import hms

log = logging.getLogger(__name__)
# HMS writes the end down after it has said yes.
_SOON = timedelta(seconds=1)


class CannotEnd(RuntimeError):
    """The call was not ended. The message is for the person who wanted it."""


class NotRunning(CannotEnd):
    """The call is over, or nobody has answered it yet."""


class EndingUnclear(CannotEnd):
    """HMS could not be asked, or its answer was lost."""


def end(call: Call, *, actor: Mapping[str, str]) -> None:
    """Have HMS hang up. `actor` is who wanted it. Talks to HMS: not to be called inside a transaction.

    Raises NotRunning, EndingUnclear, CannotEnd.
    """
    try:
        with hms.for_organization(call.organization) as client:
            client.calls.end_call(call.hms_id)
    except (BadRequest, NotFound, Forbidden) as error:
        raise NotRunning(_("This call is over, or nobody has answered it yet.")) from error
    except RateLimited as error:
        raise CannotEnd(_("This was tried very often. Please try again in a minute.")) from error
    except (HMSError, hms.NoKey) as error:
        log.warning("call %s: not known whether it was ended: %s", call.pk, type(error).__name__)
        raise EndingUnclear(_("The telephone service does not answer. Please look whether the call runs.")) from error
    finally:
        agenda.schedule(kind="sync_calls", subject=str(call.organization_id), due_at=timezone.now() + _SOON)
    log.info("call %s was ended by %s %s", call.pk, actor.get("kind"), actor.get("id"))
