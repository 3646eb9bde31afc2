"""The platform's own pages: what it is, signing up, and one's agencies."""

from allauth.account.views import SignupView
from allauth.core import ratelimit
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from agencies import addresses, opening, team
from domains import names
from leaving import erasing
from leaving.models import Erasure
from people.models import User
from portal.platform import arriving
from portal.platform.forms import AgencyForm, OwnerSignUpForm


@require_GET
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, in one screen. Who is signed in has work elsewhere."""
    if isinstance(request.user, User):
        return redirect(arriving.home_of(request.user))
    return render(request, "platform/landing.html")


class SignUpView(SignupView):  # type: ignore[misc]
    """allauth's sign-up with the agency in it. The agency is opened when the e-mail address is proved."""

    template_name = "platform/sign_up.html"

    def get_form_class(self) -> type[OwnerSignUpForm]:
        return OwnerSignUpForm

    def form_valid(self, form: OwnerSignUpForm) -> HttpResponse:
        asked = form.cleaned_data
        arriving.remember(self.request, email=asked["email"], company=asked["company"], slug=asked["slug"])
        response: HttpResponse = super().form_valid(form)
        return response


@require_GET
def slug_check(request: HttpRequest) -> HttpResponse:
    """A line under the field while it is typed in: whether this address can be had."""
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="slug_check", limit_get=True)
    if too_many:
        return too_many
    slug = request.GET.get("slug", "").lower()[:60]
    problem = ""
    try:
        addresses.refuse_unusable(slug)
    except names.BadSlug as error:
        problem = str(error)
    return render(request, "platform/_slug_state.html", {"slug": slug, "problem": problem})


@login_required
@require_GET
def agencies(request: HttpRequest) -> HttpResponse:
    """All agencies of the person, and the way to another one."""
    mine, closed = team.memberships_of(_person(request)), erasing.certificates_for(str(_person(request).pk))
    if not mine and not closed:
        return redirect("platform:agency_new")
    return render(request, "platform/agencies.html", {"memberships": mine, "closed": closed, "nav": "agencies"})


@login_required
@require_GET
def certificate(request: HttpRequest, agency_id: int) -> HttpResponse:
    """What says that an agency was erased, for whoever owned it in the end."""
    try:
        erasure = erasing.certificate_for(str(_person(request).pk), agency_id)
    except Erasure.DoesNotExist as error:
        raise Http404 from error
    response = HttpResponse(erasure.certificate, content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{erasure.slug}-certificate.json"'
    return response


@login_required
@require_http_methods(["GET", "POST"])
def agency_new(request: HttpRequest) -> HttpResponse:
    """Open an agency: another one, or the first when its name was lost on the way."""
    waiting = arriving.remembered(request)
    too_many: HttpResponse | None = ratelimit.consume_or_429(request, action="open_agency")
    if too_many:
        return too_many
    form = AgencyForm(request.POST or None, initial={"company": waiting.get("company", "")})
    if request.method == "POST" and form.is_valid():
        opened = _open(request, form)
        if opened:
            return opened
    return render(request, "platform/agency_new.html", {"form": form, "nav": "agencies"})


def _open(request: HttpRequest, form: AgencyForm) -> HttpResponse | None:
    asked = form.cleaned_data
    try:
        agency = opening.open_agency(slug=asked["slug"], company_name=asked["company"], owner=_person(request))
    except names.BadSlug as error:
        form.add_error("slug", forms.ValidationError(str(error)))
        return None
    except opening.TooManyAgencies as error:
        form.add_error(None, forms.ValidationError(str(error)))
        return None
    arriving.forget(request)
    return redirect("dashboard:setup", slug=agency.slug)


def _person(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required has seen to it; for the type checker
    return user
