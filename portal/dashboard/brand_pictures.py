"""Brand: logo, dark logo and browser icon, by address or as a file, and what became of each."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from agencies.models import Agency
from branding import pictures
from branding.models import Picture
from branding.pictures import PictureRefused
from domains import resolver
from portal import context
from portal.dashboard import facts
from portal.dashboard.audited import audited, tell
from portal.dashboard.brand_forms import PictureForm
from portal.dashboard.roles import agency_of, manager_changes

_NOTES = {
    Picture.Role.LOGO: gettext_lazy("On every page and in every mail. A wide logo stands in place of your name."),
    Picture.Role.LOGO_DARK: gettext_lazy("For dark pages. Without one your logo stands on a white ground there."),
    Picture.Role.FAVICON: gettext_lazy("In the browser's tab. Without one we make it from your logo or initials."),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One picture's place: what is worn, what was asked for last, and the form for another."""

    role: Picture.Role
    note: str
    asked: Picture | None
    why: str
    worn_url: str
    form: PictureForm

    @property
    def is_waiting(self) -> bool:
        return self.asked is not None and self.asked.state == Picture.State.WAITING


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """The three places."""
    return _shown(request, {})


@require_GET
def state(request: HttpRequest) -> HttpResponse:
    """What became of them, for a page that waits."""
    slots = _slots(agency_of(request), {})
    return render(request, "dashboard/_brand_pictures.html", {"slots": slots, "waits": _waits(slots)})


@require_POST
@manager_changes
@audited("picture.asked", tells=True)
def ask(request: HttpRequest, role: str) -> HttpResponse:
    """Have another picture drawn."""
    wanted = _role(role)
    form = PictureForm(request.POST, request.FILES, prefix=wanted)
    if form.is_valid() and _asked(agency_of(request), wanted, form):
        upload = form.cleaned_data["upload"]
        tell(request, **{wanted: form.cleaned_data["url"] if upload is None else upload.name})
        messages.success(request, _("It is being drawn. It shows here, and on your portal, in a moment."))
        return redirect("dashboard:brand_pictures", slug=agency_of(request).slug)
    return _shown(request, {wanted: form})


@require_POST
@manager_changes
@audited("picture.removed", of=facts.pictures)
def remove(request: HttpRequest, role: str) -> HttpResponse:
    """Take a picture away."""
    pictures.remove(agency_id=agency_of(request).pk, role=_role(role))
    resolver.forget()
    messages.success(request, _("Removed."))
    return redirect("dashboard:brand_pictures", slug=agency_of(request).slug)


def _role(role: str) -> Picture.Role:
    try:
        return Picture.Role(role)
    except ValueError as error:
        raise Http404 from error


def _asked(agency: Agency, role: Picture.Role, form: PictureForm) -> bool:
    url, upload = form.cleaned_data["url"], form.cleaned_data["upload"]
    try:
        if upload is not None:
            content = upload.read(pictures.MOST_BYTES + 1)
            pictures.ask_upload(agency_id=agency.pk, role=role, content=content)
        else:
            pictures.ask_url(agency_id=agency.pk, role=role, url=url)
    except PictureRefused as error:
        form.add_error("url" if upload is None else "upload", str(error))
        return False
    return True


def _shown(request: HttpRequest, forms: dict[Picture.Role, PictureForm]) -> HttpResponse:
    slots = _slots(agency_of(request), forms)
    shown = {"slots": slots, "waits": _waits(slots), "nav": "brand", "part": "pictures"}
    return render(request, "dashboard/brand_pictures.html", shown)


def _waits(slots: list[Slot]) -> bool:
    return any(slot.is_waiting for slot in slots)


def _slots(agency: Agency, forms: dict[Picture.Role, PictureForm]) -> list[Slot]:
    asked = pictures.of(agency.pk)
    return [_slot(role, asked.get(role), forms.get(role)) for role in Picture.Role]


def _slot(role: Picture.Role, asked: Picture | None, form: PictureForm | None) -> Slot:
    digest = "" if asked is None else asked.digest
    if asked is not None and role == Picture.Role.FAVICON:
        digest = asked.icon_digest or asked.digest
    form = form or PictureForm(prefix=role, initial={"url": asked.url if asked else ""})
    url = context.picture_url(digest) if digest else ""
    return Slot(role, str(_NOTES[role]), asked, pictures.why(asked) if asked else "", url, form)
