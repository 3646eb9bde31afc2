"""What a no of HMS means to whoever filled in a form: which field it is about, and what to do next.

HMS's own words are passed on as text, never as markup, and never with a key in them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hms_client import (
    BadRequest,
    Conflict,
    Forbidden,
    FrozenMap,
    HMSError,
    InsufficientCredits,
    NotFound,
    RateLimited,
    StatusError,
    Unauthorized,
    Unprocessable,
)
from organizations import hms

Failure = HMSError | hms.NoKey


@dataclass(frozen=True, slots=True)
class Refusal:
    """`fields`: sentences by the name of the field they are about. `sentence`: what is to be said of the whole; ""
    when the fields say it all. `wait_seconds`: for how long HMS wants to be left alone, when it says so."""

    fields: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""
    wait_seconds: int | None = None


def explain(error: Failure, names: Mapping[str, str] | None = None, *, only_read: bool = False) -> Refusal:
    """What to say about a request that failed. `names`: the fields of the form by what HMS may call them.

    `only_read`: the request was to change nothing, so that a lost answer leaves no doubt.
    """
    if isinstance(error, hms.NoKey):
        return Refusal(sentence=str(error))
    if error.outcome_unknown and only_read:
        return Refusal(sentence=_("HMS does not answer at the moment. Please look again in a minute."))
    if error.outcome_unknown:
        return Refusal(
            sentence=_("HMS's answer was lost. It may have been done all the same: look before you send it again.")
        )
    if isinstance(error, RateLimited):
        words = _look_later(error.retry_after) if only_read else _slow_down(error.retry_after)
        return Refusal(sentence=words, wait_seconds=error.retry_after)
    if isinstance(error, BadRequest | Unprocessable | Conflict):
        return _about_fields(error, names or {})
    return Refusal(sentence=_in_general(error))


def _look_later(seconds: int | None) -> str:
    if seconds is None:
        return _("HMS takes 100 requests a minute for an organization. Look again in a minute.")
    return ngettext(
        "HMS takes 100 requests a minute for an organization. Look again in %(count)d second.",
        "HMS takes 100 requests a minute for an organization. Look again in %(count)d seconds.",
        seconds,
    ) % {"count": seconds}


def _slow_down(seconds: int | None) -> str:
    if seconds is None:
        return _("HMS takes 100 requests a minute for an organization. Nothing was changed; try again in a minute.")
    return ngettext(
        "HMS takes 100 requests a minute for an organization. Nothing was changed; try again in %(count)d second.",
        "HMS takes 100 requests a minute for an organization. Nothing was changed; try again in %(count)d seconds.",
        seconds,
    ) % {"count": seconds}


def _in_general(error: HMSError) -> str:
    if isinstance(error, Unauthorized):
        return _("HMS does not accept this organization's key any more.")
    if isinstance(error, NotFound | Forbidden):
        return _("HMS does not have this any more. Somebody may have removed it.")
    if isinstance(error, InsufficientCredits):
        return _("No minutes are left at HMS.")
    if isinstance(error, StatusError):
        return _("HMS refused this: %(reason)s") % {"reason": _said(error)}
    return _("HMS could not be reached. Nothing was changed; try again in a minute.")


def _about_fields(error: StatusError, names: Mapping[str, str]) -> Refusal:
    """A no with reasons: each beside the field it names, the rest above."""
    named = _param(error)
    found: dict[str, str] = {}
    rest: list[str] = []
    for reason in error.details or (_said(error),):
        name = names.get(named) or _mentioned(reason, names)
        if name:
            found[name] = " ".join(filter(None, [found.get(name, ""), _("HMS says: %(reason)s") % {"reason": reason}]))
        else:
            rest.append(reason)
    if not rest:
        return Refusal(fields=found)
    lead = _("HMS has something that stands against this: %(reason)s")
    words = lead if isinstance(error, Conflict) else _("HMS refused this: %(reason)s")
    return Refusal(fields=found, sentence=words % {"reason": " ".join(rest)})


def _param(error: StatusError) -> str:
    """The field that an answer of the nested form names; "" when it names none."""
    inner = error.body.get("error") if isinstance(error.body, FrozenMap) else None
    param = inner.get("param") if isinstance(inner, FrozenMap) else None
    return param if isinstance(param, str) else ""


def _mentioned(reason: str, names: Mapping[str, str]) -> str:
    for wire in sorted(names, key=len, reverse=True):
        if re.search(rf"(?<![A-Za-z0-9_]){re.escape(wire)}(?![A-Za-z0-9_])", reason):
            return names[wire]
    return ""


def _said(error: StatusError) -> str:
    """HMS's own words, without the request and the status before them."""
    return str(error).partition(": ")[2].partition(" ")[2]
