"""Brand: a test of each mail, and the agency's own mail server, which is tried before it is kept."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from branding import mail_servers
from branding.mail_servers import WrongMailServer
from branding.models import MailServer
from follow_ups import agenda
from outside.mail import NotTaken, Server
from portal import mail_samples, mailing
from portal.dashboard import facts
from portal.dashboard.audited import audited
from portal.dashboard.brand_forms import MailServerForm, TestMailForm
from portal.dashboard.forms import refuse
from portal.dashboard.gate import asks_again
from portal.dashboard.roles import actor_of, agency_of, manager_changes, owner_changes
from portal.jobs.brand import TEST_MAIL

_FIELDS = ("host", "port", "security", "username", "from_address")


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Which mails there are, and who sends them."""
    return _shown(request)


@require_POST
@manager_changes
def test(request: HttpRequest) -> HttpResponse:
    """Have one kind of mail sent to whoever asks."""
    form = TestMailForm(request.POST)
    if not form.is_valid():
        return _shown(request, test_form=form)
    to = actor_of(request).email
    agenda.schedule(kind=TEST_MAIL, subject=f"{form.cleaned_data['kind']}:{to}", agency_id=agency_of(request).pk)
    messages.success(request, _("It is on its way to %(to)s.") % {"to": to})
    return redirect("dashboard:brand_mails", slug=agency_of(request).slug)


@asks_again
@require_POST
@owner_changes
@audited("mail_server.changed", of=facts.mail_server, outside=True)
def save_server(request: HttpRequest) -> HttpResponse:
    """Try the server with a mail to whoever asks, and keep it if it takes that."""
    form = MailServerForm(request.POST)
    form.offer_what_is_possible()
    if not form.is_valid() or not _saved(request, form):
        return _shown(request, server_form=form)
    said = _("Saved. The test mail is on its way to %(to)s, and your mails go through your server from now on.")
    messages.success(request, said % {"to": actor_of(request).email})
    return redirect("dashboard:brand_mails", slug=agency_of(request).slug)


@asks_again
@require_POST
@owner_changes
@audited("mail_server.removed", of=facts.mail_server)
def remove_server(request: HttpRequest) -> HttpResponse:
    """Go back to the platform's server."""
    mail_servers.remove(agency_of(request).pk)
    messages.success(request, _("Removed, and the password is forgotten. Your mails go through our server."))
    return redirect("dashboard:brand_mails", slug=agency_of(request).slug)


def _saved(request: HttpRequest, form: MailServerForm) -> bool:
    typed, agency = form.cleaned_data, agency_of(request)
    fields = {name: typed[name] for name in ("host", "port", "security", "username", "password")}
    try:
        server = mail_servers.typed(agency_id=agency.pk, **fields)
        _try(request, server, typed["from_address"])
        mail_servers.save(agency_id=agency.pk, server=server, from_address=typed["from_address"], now=timezone.now())
    except WrongMailServer as error:
        refuse(form, error.field, str(error))
        return False
    except NotTaken as error:
        refuse(form, mail_servers.field_of(error.why), mail_servers.why(error.why))
        return False
    return True


def _try(request: HttpRequest, server: Server, from_address: str) -> None:
    """Raises NotTaken."""
    to = actor_of(request).email
    message = mail_samples.written(agency_of(request), "code", to=to)
    sent = mailing.as_sent_by(MailServer(from_address=from_address), message)
    mail_servers.hand_in(server, sender=from_address, to=[to], message=sent)


def _shown(
    request: HttpRequest, *, test_form: TestMailForm | None = None, server_form: MailServerForm | None = None
) -> HttpResponse:
    row = mail_servers.of(agency_of(request).pk)
    if server_form is None:
        initial: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS} if row else {}
        server_form = MailServerForm(initial=initial)
        server_form.offer_what_is_possible()
    shown = {
        "test_form": test_form or TestMailForm(),
        "server_form": server_form,
        "server": row,
        "failure": mail_servers.why(row.failure) if row else "",
        "nav": "brand",
        "part": "mails",
    }
    return render(request, "dashboard/brand_mails.html", shown)
