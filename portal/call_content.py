"""What was said in a call, and its recording, alike for a client and for the agency.

Whoever calls has checked whose call may be read. Nothing of it is kept: it is asked for when somebody looks.
"""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from calls import content, recording
from calls.content import State
from calls.models import Call
from portal.dashboard.entrance import needs_no_schema

# HMS writes the summary after the call has ended: so long nothing is not the last word.
_STILL_WRITTEN = timedelta(minutes=2)


def context(call: Call, *, recording_url: str) -> dict[str, Any]:
    """What there is to show of the call, for `calls/_said.html`; `recording_url` is where we pass its recording on."""
    try:
        found = content.read(call)
    except content.CannotAsk:
        return {"call": call, "state": "away"}
    is_fresh = call.ended_at is None or timezone.now() - call.ended_at < _STILL_WRITTEN
    state = "soon" if found.state is State.NOTHING and is_fresh else found.state.value
    return {"call": call, "state": state, "said": found, "recording_url": recording_url}


def listen(call: Call, byte_range: str) -> HttpResponse | StreamingHttpResponse:
    """The recording, passed on while it is fetched. Raises Http404 where there is none to be heard."""
    try:
        found = recording.fetch(content.recording_url(call), byte_range=byte_range)
    except content.NoRecording as error:
        raise Http404 from error
    except (content.CannotAsk, recording.CannotBeHeard):
        return HttpResponse(_("The recording cannot be reached right now."), status=502, content_type="text/plain")
    headers = {
        **found.headers,
        # Not to be packed on the way: its length and its parts are counted in these bytes.
        "Content-Encoding": "identity",
        "Content-Disposition": "inline",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return needs_no_schema(
        StreamingHttpResponse(found, status=found.status, content_type=found.content_type, headers=headers)
    )
