"""An agency's pictures: asked for by address or by upload, drawn by a job, worn from then on.

Whatever becomes of a request, the picture that is worn stays until another one is drawn or it is taken away.
"""

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branding import redraw
from branding.models import Branding, Picture
from branding.redraw import Drawn, NotDrawn
from follow_ups import agenda
from outside import guarded
from outside.guarded import NoAnswer

KIND = "picture"
MOST_BYTES = 512 * 1024
_WITHIN_MS = 10_000
_SAID_NO = "status"


class PictureRefused(ValueError):
    """This cannot become a picture, as far as it shows at once. The message is for whoever gave it."""


def ask_url(*, agency_id: int, role: Picture.Role, url: str) -> Picture:
    """Have the picture at this address fetched, once. Raises PictureRefused for an address that is never asked."""
    try:
        guarded.from_settings().check(url)
    except guarded.WrongAddress as error:
        raise PictureRefused(str(error)) from error
    return _ask(agency_id, role, url=url, upload=None)


def ask_upload(*, agency_id: int, role: Picture.Role, content: bytes) -> Picture:
    """Have an uploaded picture drawn. Raises PictureRefused for an empty file and for more than MOST_BYTES."""
    if not content:
        raise PictureRefused(_("This file is empty. Choose another one."))
    if len(content) > MOST_BYTES:
        raise PictureRefused(_("This file is larger than 512 KB. Save it smaller and try again."))
    return _ask(agency_id, role, url="", upload=content)


def remove(*, agency_id: int, role: Picture.Role) -> None:
    """Take a picture away. Its address is dead at once; the caller makes hosts forget."""
    with transaction.atomic():
        branding = Branding.objects.select_for_update().get(agency_id=agency_id)
        Picture.objects.filter(agency_id=agency_id, role=role).delete()
        _wear(branding)


def of(agency_id: int) -> dict[str, Picture]:
    """The agency's pictures by role, without what they hold."""
    rows = Picture.objects.filter(agency_id=agency_id).defer("upload", "content", "icon")
    return {picture.role: picture for picture in rows}


def found(digest: str) -> bytes | None:
    """The PNG at this address, of whichever agency."""
    content = Picture.objects.filter(digest=digest).values_list("content", flat=True).first()
    if content is None:
        content = Picture.objects.filter(icon_digest=digest).values_list("icon", flat=True).first()
    return None if content is None else bytes(content)


def make(*, agency_id: int, role: str) -> None:
    """Fetch and draw what was asked for. Whatever is in the way is kept as the reason; a new request is a new chance.

    The caller makes hosts forget. To be called outside of any transaction.
    """
    picture = Picture.objects.filter(agency_id=agency_id, role=role, state=Picture.State.WAITING).first()
    if picture is None:
        return
    try:
        drawn = redraw.redraw(_content(picture))
    except NotDrawn as error:
        _refuse(picture, error.why)
    except NoAnswer as error:
        _refuse(picture, error.why)
    except guarded.WrongAddress:
        _refuse(picture, guarded.Why.ADDRESS)
    except _SaidNo:
        _refuse(picture, _SAID_NO)
    else:
        _keep(picture, drawn)


def why(picture: Picture) -> str:
    """Why it was refused and what to do, in one sentence; empty when it was not."""
    if picture.state != Picture.State.REFUSED:
        return ""
    return _sentences().get(picture.why, _("This file could not be drawn. Try another one."))


class _SaidNo(Exception):
    """The address answered, and not with a picture."""


def _ask(agency_id: int, role: Picture.Role, *, url: str, upload: bytes | None) -> Picture:
    asked = {"state": Picture.State.WAITING, "url": url, "upload": upload, "why": "", "asked_at": timezone.now()}
    with transaction.atomic():
        picture, _created = Picture.objects.update_or_create(
            agency_id=agency_id, role=role, defaults={**asked, "asked": uuid.uuid4()}
        )
        agenda.schedule(kind=KIND, subject=role, agency_id=agency_id)
    return picture


def _content(picture: Picture) -> bytes:
    if picture.upload is not None:
        return bytes(picture.upload)
    headers = {"Accept": "image/png, image/svg+xml, image/webp, image/jpeg, image/*;q=0.8"}
    answer = guarded.from_settings(most_bytes=MOST_BYTES).get(picture.url, headers=headers, within_ms=_WITHIN_MS)
    if not answer.is_yes:
        raise _SaidNo
    return answer.body


def _refuse(picture: Picture, why: str) -> None:
    mine = Picture.objects.filter(pk=picture.pk, asked=picture.asked)
    mine.update(state=Picture.State.REFUSED, why=why, upload=None)


def _keep(picture: Picture, drawn: Drawn) -> None:
    with transaction.atomic():
        branding = Branding.objects.select_for_update().get(agency_id=picture.agency_id)
        made: dict[str, Any] = {
            "content": drawn.png,
            "digest": redraw.digest(drawn.png),
            "width": drawn.width,
            "height": drawn.height,
            "icon": drawn.icon,
            "icon_digest": redraw.digest(drawn.icon) if drawn.icon else "",
        }
        mine = Picture.objects.filter(pk=picture.pk, asked=picture.asked)
        if mine.update(state=Picture.State.READY, why="", upload=None, **made):
            _wear(branding)


def _wear(branding: Branding) -> None:
    """Write into the brand what is there to wear. The icon is the favicon's own, or the one made from the logo."""
    rows = {
        picture.role: picture for picture in Picture.objects.filter(agency_id=branding.agency_id).exclude(digest="")
    }
    worn = {
        role: {"digest": rows[role].digest, "width": rows[role].width, "height": rows[role].height}
        for role in (Picture.Role.LOGO, Picture.Role.LOGO_DARK)
        if role in rows
    }
    icons = [rows[role].icon_digest for role in (Picture.Role.FAVICON, Picture.Role.LOGO) if role in rows]
    icon = next((digest for digest in icons if digest), "")
    branding.pictures = worn | ({"favicon": {"digest": icon}} if icon else {})
    branding.save(update_fields=["pictures"])


def _sentences() -> dict[str, str]:
    """By reason. Reasons of the gate and of the drawing share no name."""
    return {
        guarded.Why.ADDRESS: _("This address leads into a private network. Give one that everybody can reach."),
        guarded.Why.NAME: _("There is no such host. Check the address for a typing error."),
        guarded.Why.CONNECTION: _("Nobody answers at this address. Open it in your browser, then try again."),
        guarded.Why.TLS: _("The certificate of this address is not valid. Give another address, or upload the file."),
        guarded.Why.TIME: _("The answer took more than ten seconds. Try again, or upload the file."),
        guarded.Why.SIZE: _("This picture is larger than 512 KB. Save it smaller and try again."),
        guarded.Why.NONSENSE: _("This address did not answer in a way we understand. Upload the file instead."),
        _SAID_NO: _(
            "This address does not give the picture: it may have moved or be private. Upload the file instead."
        ),
        redraw.Why.UNKNOWN: _("This is no picture that we can read. Use PNG, SVG, JPEG or WebP."),
        redraw.Why.PAGE: _("This is a web page, not a picture. Open the picture alone and copy its address."),
        redraw.Why.BROKEN: _("This file is damaged or cut off. Export it again."),
        redraw.Why.PIXELS: _("This picture has too many pixels. Make it 4,000 pixels wide at most."),
        redraw.Why.TOO_SMALL: _("This picture is too small. Use one that is at least 16 pixels high and wide."),
        redraw.Why.SHAPE: _("This picture is far longer than it is high. Cut it so that it is not a mere line."),
        redraw.Why.NO_SIZE: _("This drawing does not say how large it is. Export it with a width and a height."),
        redraw.Why.LEADS_OUT: _("This drawing takes in another file. Export it with everything inside."),
        redraw.Why.ENTITIES: _("This drawing declares entities, which we do not read. Export it as plain SVG."),
        redraw.Why.BURST: _("This file takes too long to draw. Export a simpler version."),
    }
