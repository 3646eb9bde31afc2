"""Where HMS's pages contradict each other, a setting says which of their readings is played; handlers ask here."""

from werkzeug.wrappers import Response

from sandbox import ids, settings
from sandbox.answers import Refused, json_answer, refuse
from sandbox.store import Document
from sandbox.world import World


def gone(world: World) -> Response:
    """The answer to a DELETE that was carried out: a word of success, or nothing at all."""
    if settings.read(world.store, "hms")["delete_status"] == 204:
        return Response(status=204)
    return json_answer({"success": True})


def absent(world: World, what: str, found: Document | None) -> Refused:
    """The refusal of a thing that is not there, or, when `found`, another organization's."""
    if found is not None and settings.read(world.store, "hms")["foreign_status"] == 403:
        return refuse(403, "Forbidden", "You have no access to this resource.")
    return refuse(404, f"{what} not found")


def call_ids(world: World, phone: str | None) -> tuple[str, str]:
    """A new call's id, and the one by which webhooks name it."""
    turned = settings.read(world.store, "hms")
    own = ids.call_id(phone) if turned["call_ids"] == "phone" else ids.uuid4()
    return own, own if turned["webhook_call_ids"] == "same" else ids.uuid4()


def taken_seconds(world: World, seconds: int) -> int:
    """What talked seconds take from the pool: themselves, or every minute that was begun."""
    if settings.read(world.store, "hms")["round_up_minutes"]:
        return -(-seconds // 60) * 60
    return seconds
