"""A call in the browser. Its page alone may use the microphone, and may speak to the call server that HMS has named."""

import re
from urllib.parse import urlsplit
from uuid import uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from agencies import call_terms
from calls import holds, placing
from hms_client import WebCall
from organizations import assistants
from portal.storefront import calling
from portal.storefront.access import agency_of, client_page

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_SCHEMES = {"wss": ("wss", "https"), "https": ("wss", "https"), "ws": ("ws", "http"), "http": ("ws", "http")}


class NoCallServer(ValueError):
    """What HMS named is no address of a call server that a page of ours may speak to."""


class BrowserCallForm(forms.Form):
    """Whom to talk to. The text of the page said what it may cost."""

    assistant = forms.ChoiceField(label=gettext_lazy("Assistant"))
    form_token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: object, *, able: list[assistants.Assistant]) -> None:
        super().__init__(data, initial={"form_token": uuid4()})  # type: ignore[arg-type]
        self.fields["assistant"].choices = [(each.id, each.name) for each in able]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@client_page
def start(request: HttpRequest) -> HttpResponse:
    """Ask whom to talk to and say what it may cost; sent, open the call and the page that joins it."""
    obstacle, able, _numbers = calling.able_to_call(request)
    form = BrowserCallForm(request.POST or None, able=able)
    if request.method == "POST" and not obstacle and form.is_valid() and (done := _open(request, form)):
        return done
    context = {
        "nav": "calls",
        "form": form,
        "obstacle": obstacle,
        "why": calling.why_not(request, obstacle),
        "costs_at_most": calling.costs_at_most(request, able),
    }
    return render(request, "storefront/browser_call_start.html", context)


def origins(server_url: str) -> tuple[str, str]:
    """The call server's origin as a page speaks to it, by socket and by request. Raises NoCallServer.

    It stands in a header, so it is an exact scheme and a plain host or nothing; unencrypted only beside a sandbox.
    """
    parts = urlsplit(server_url)
    schemes = _SCHEMES.get(parts.scheme)
    is_plain = schemes is not None and schemes[0] == "ws"
    if schemes is None or not _HOST.fullmatch(parts.netloc) or (is_plain and settings.HMS_API_URL.startswith("https")):
        raise NoCallServer
    return f"{schemes[0]}://{parts.netloc}", f"{schemes[1]}://{parts.netloc}"


def _open(request: HttpRequest, form: BrowserCallForm) -> HttpResponse | None:
    """The page of the call; None with the reason in the form when it was refused."""
    try:
        opened, hold = placing.open_in_browser(
            client_id=request.client.pk,  # type: ignore[attr-defined]
            assistant_id=form.cleaned_data["assistant"],
            actor=request.actor.as_json(),  # type: ignore[attr-defined]
            form_token=form.cleaned_data["form_token"],
            rounding=call_terms.rounding(agency_of(request).pk),
        )
        allowed = origins(opened.server_url)
    except (placing.PlacedAlready, placing.AnswerLost) as unsure:
        messages.info(request, str(unsure))
        return redirect("storefront:calls")
    except NoCallServer:
        messages.error(request, _("The call cannot be joined from a browser. It ends by itself."))
        return redirect("storefront:calls")
    except placing.CannotCall as refused:
        form.add_error(None, str(refused))
        form.data = {**request.POST.dict(), "form_token": str(uuid4())}
        return None
    return _page(request, opened, holds.longest_call(hold), allowed)


def _page(request: HttpRequest, opened: WebCall, longest_seconds: int, allowed: tuple[str, str]) -> HttpResponse:
    """The one page that holds the token: in no address, no session, no cache."""
    context = {"nav": "calls", "opened": opened, "longest_seconds": longest_seconds}
    shown = render(request, "storefront/browser_call.html", context)
    # What csp_update's decorator sets: here the value is known while the view runs.
    shown._csp_update = {"connect-src": list(allowed)}  # type: ignore[attr-defined]
    shown.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"
    shown.headers["Cache-Control"] = "no-store"
    return shown
