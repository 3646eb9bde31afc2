"""What a sign-up on the platform leads to: the agency that was asked for, opened once the e-mail address is proved.

What was asked for waits in the session. When it is lost there, or the slug was taken meanwhile, a page asks again.
"""

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from agencies import addresses, opening, team
from domains import names
from people.models import User

_KEY = "agency_to_open"


def remember(request: HttpRequest, *, email: str, company: str, slug: str) -> None:
    """Keep what the sign-up form asked for, for the person with this address."""
    request.session[_KEY] = {"email": email.lower(), "company": company, "slug": slug}


def remembered(request: HttpRequest) -> dict[str, str]:
    """What is still waiting; empty when nothing is."""
    waiting: dict[str, str] = request.session.get(_KEY, {})
    return waiting


def forget(request: HttpRequest) -> None:
    """The agency is open."""
    request.session.pop(_KEY, None)


def open_what_was_asked_for(request: HttpRequest, user: User) -> str:
    """Open the agency that this person asked for at sign-up. Returns where to go next; "" when nothing waits.

    Somebody else's wish, left behind in the same browser, is dropped; one that came true already leads to its agency.
    """
    waiting = remembered(request)
    if not waiting:
        return ""
    if waiting["email"] != user.email.lower():
        forget(request)
        return ""
    try:
        slug = opening.open_agency(slug=waiting["slug"], company_name=waiting["company"], owner=user).slug
    except addresses.SlugTaken as error:
        if waiting["slug"] not in [each.agency.slug for each in team.memberships_of(user)]:
            messages.warning(request, str(error))
            return reverse("platform:agency_new")
        slug = waiting["slug"]
    except names.BadSlug as error:
        messages.warning(request, str(error))
        return reverse("platform:agency_new")
    except opening.TooManyAgencies as error:
        forget(request)
        messages.warning(request, str(error))
        return reverse("platform:agencies")
    forget(request)
    return reverse("dashboard:setup", args=[slug])


def home_of(user: User) -> str:
    """Where an owner's work is: the only agency, the list of several, or the form that opens the first."""
    mine = team.memberships_of(user)
    if len(mine) == 1:
        return reverse("dashboard:home", args=[mine[0].agency.slug])
    return reverse("platform:agencies") if mine else reverse("platform:agency_new")
