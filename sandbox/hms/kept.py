"""Things an organization keeps at HMS: listed, made, read, changed and removed by its own key, and by no other."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import readings
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World

Check = Callable[[World, Document, dict[str, Any]], None]


def nothing_more(world: World, organization: Document, fields: dict[str, Any]) -> None:
    """No further rule."""


class Kept:
    """One kind of thing. `many` and `one` wrap the answers; `fields` are its names with what they are when not given.

    `required` have to be texts with something in them; `secret` go in and never come out; with `names_owner` a thing
    says whose it is. `check` refuses what makes no sense, `release` refuses to let go of what is in use.
    """

    def __init__(
        self,
        kind: str,
        *,
        many: str,
        one: str,
        fields: Mapping[str, Any],
        required: tuple[str, ...] = ("name",),
        secret: tuple[str, ...] = (),
        names_owner: bool = False,
        check: Check = nothing_more,
        release: Check = nothing_more,
    ) -> None:
        self.kind, self.many, self.one, self.fields = kind, many, one, fields
        self.required, self.secret, self.check, self.release = required, secret, check, release
        self.names_owner = names_owner
        self.index, self.create, self.show = keyed(self._index), keyed(self._create), keyed(self._show)
        self.update, self.delete = keyed(self._update), keyed(self._delete)

    def owned(self, world: World, organization: Document, id_: Any) -> Document:
        """The organization's thing of this id. Refused 404."""
        found = world.store.get(self.kind, id_) if isinstance(id_, str) else None
        if found is None or found["_organization"] != organization["id"]:
            raise readings.absent(world, self.one.replace("_", " ").capitalize(), found)
        return found

    def public(self, world: World, document: Document) -> dict[str, Any]:
        """A thing as HMS shows it: without secrets, and without what the sandbox notes for itself."""
        owner = {"org_id": document["_organization"]} if self.names_owner else {}
        shown = {name for name in document if not name.startswith("_")} - set(self.secret)
        return {name: document[name] for name in document if name in shown} | owner

    def add(self, world: World, organization: Document, given: dict[str, Any]) -> Document:
        """A new thing. Refused 400 for fields that make no sense."""
        self._check(world, organization, dict.fromkeys(self.required) | given)
        at = times.now()
        known = {name: given.get(name, usual) for name, usual in self.fields.items()}
        made = {"id": ids.uuid4(), **known, "created_at": times.iso(at), "updated_at": times.iso(at)}
        made["_organization"] = organization["id"]
        world.store.add(self.kind, made["id"], made, owner=organization["id"], at=at)
        return made

    def _check(self, world: World, organization: Document, given: dict[str, Any]) -> None:
        for name in self.required:
            if name in given and (not isinstance(given[name], str) or not given[name].strip()):
                raise refuse(400, f"Missing required field: {name}")
        self.check(world, organization, given)

    def _index(self, world: World, request: Request, organization: Document) -> Response:
        found = world.store.find(self.kind, owner=organization["id"])
        return json_answer({self.many: [self.public(world, each) for each in found]})

    def _create(self, world: World, request: Request, organization: Document) -> Response:
        return self._answer(world, self.add(world, organization, read_json(request)), 201)

    def _show(self, world: World, request: Request, organization: Document, id_: str) -> Response:
        return self._answer(world, self.owned(world, organization, id_))

    def _update(self, world: World, request: Request, organization: Document, id_: str) -> Response:
        changes = read_json(request)
        with world.store.transaction():
            found = self.owned(world, organization, id_)
            self._check(world, organization, {"id": id_, **changes})
            known = {name: changes[name] for name in self.fields if name in changes}
            found |= known | {"updated_at": times.iso(times.now())}
            world.store.save(self.kind, id_, found)
        return self._answer(world, found)

    def _delete(self, world: World, request: Request, organization: Document, id_: str) -> Response:
        self.release(world, organization, self.owned(world, organization, id_))
        world.store.delete(self.kind, id_)
        return readings.gone(world)

    def _answer(self, world: World, document: Document, status: int = 200) -> Response:
        return json_answer({self.one: self.public(world, document)}, status)


def must_be_object(name: str, given: dict[str, Any]) -> None:
    """Refused 400 for a field that is there and no JSON object."""
    if name in given and not isinstance(given[name], dict):
        raise refuse(400, f"Invalid {name}", "It must be a JSON object.")


def must_be_one_of(name: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    """Refused 400 for a field that is there and none of these."""
    if name in given and given[name] not in known:
        raise refuse(400, f"Invalid {name}", f"Known: {', '.join(known)}")
