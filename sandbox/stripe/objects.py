"""Objects of an account: found by id within it, shown without the sandbox's own notes, listed by cursor, expanded."""

from typing import Any

from sandbox import times
from sandbox.store import Document
from sandbox.stripe import fields
from sandbox.stripe.auth import Asked
from sandbox.stripe.refusals import missing, refuse
from sandbox.world import World

KINDS = {
    "prod": "product",
    "price": "price",
    "cs": "checkout.session",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "du": "dispute",
    "evt": "event",
    "in": "invoice",
    "we": "webhook_endpoint",
}
NAMES = {"checkout.session": "checkout session", "webhook_endpoint": "webhook endpoint"}
DEFAULT_LIMIT, MOST = 10, 100


def table(kind: str) -> str:
    """The store's name for a kind of object."""
    return f"stripe_{kind}"


def add(world: World, account: Document, document: Document) -> Document:
    """Keeps a new object of the account."""
    document["_account"] = account["id"]
    world.store.add(table(document["object"]), document["id"], document, owner=account["id"])
    return document


def save(world: World, document: Document) -> Document:
    world.store.save(table(document["object"]), document["id"], document)
    return document


def base(asked_account: Document, id_: str, kind: str) -> Document:
    """What every object has."""
    return {"id": id_, "object": kind, "created": int(times.now()), "livemode": asked_account["_livemode"]}


def owned(world: World, asked: Asked, kind: str, id_: str, *, param: str = "id", status: int = 404) -> Document:
    """The account's object. Refused in Stripe's words when there is none."""
    document = world.store.get(table(kind), id_)
    if document is None or document["_account"] != asked.account_id:
        raise missing(NAMES.get(kind, kind), id_, param=param, status=status)
    return document


def public(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.items() if not name.startswith("_")}


def shown(world: World, asked: Asked, document: Document) -> dict[str, Any]:
    """The object as answered, with what the request wants expanded."""
    body = public(document)
    for path in fields.texts(asked.params, "expand") or []:
        expand(world, asked, body, document, path.split("."))
    return body


def expand(world: World, asked: Asked, body: dict[str, Any], document: Document, path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if f"_{name}" in document and name not in body:
        body[name] = document[f"_{name}"]
    elif isinstance(body.get(name), str):
        kind = KINDS.get(body[name].partition("_")[0], "")
        found = world.store.get(table(kind), body[name])
        if found is None or found["_account"] != asked.account_id:
            raise refuse(400, f"This property cannot be expanded ({'.'.join(path)}).", param="expand")
        body[name] = public(found)
        if rest:
            expand(world, asked, body[name], found, rest)
    elif name not in body:
        raise refuse(400, f"This property cannot be expanded ({'.'.join(path)}).", param="expand")


def listing(world: World, asked: Asked, documents: list[Document]) -> dict[str, Any]:
    """One page of documents that are sorted newest first, by limit, starting_after and ending_before."""
    limit = fields.whole(asked.params, "limit") or DEFAULT_LIMIT
    if not 1 <= limit <= MOST:
        raise refuse(400, f"limit must be between 1 and {MOST}", code="parameter_invalid_integer", param="limit")
    after, before = fields.text(asked.params, "starting_after"), fields.text(asked.params, "ending_before")
    if after is not None and before is not None:
        raise refuse(400, "You may only specify one of these parameters: starting_after, ending_before.")
    places = {document["id"]: place for place, document in enumerate(documents)}
    if before is not None:
        end = _place(places, before, "ending_before")
        start = max(0, end - limit)
        has_more = start > 0
    else:
        start = 0 if after is None else _place(places, after, "starting_after") + 1
        end = start + limit
        has_more = end < len(documents)
    page = [_element(world, asked, document) for document in documents[start:end]]
    return {"object": "list", "data": page, "has_more": has_more, "url": asked.path}


def _place(places: dict[str, int], id_: str, param: str) -> int:
    if id_ not in places:
        raise refuse(400, f"No such object: '{id_}'", code="resource_missing", param=param)
    return places[id_]


def _element(world: World, asked: Asked, document: Document) -> dict[str, Any]:
    body = public(document)
    for path in fields.texts(asked.params, "expand") or []:
        head, *rest = path.split(".")
        if head == "data" and rest:
            expand(world, asked, body, document, rest)
    return body


def all_of(world: World, asked: Asked, kind: str) -> list[Document]:
    """Every object of this kind in the account, newest first, within the `created` the request asks for."""
    documents = world.store.find(table(kind), owner=asked.account_id)
    span = asked.params.get("created")
    if isinstance(span, str) and span:
        span = {"gte": span, "lte": span}
    if not isinstance(span, dict):
        return documents
    return [document for document in documents if _within(document["created"], span)]


def _within(created: int, span: dict[str, Any]) -> bool:
    tests = {
        "gt": lambda bound: created > bound,
        "gte": lambda bound: created >= bound,
        "lt": lambda bound: created < bound,
        "lte": lambda bound: created <= bound,
    }
    bounds = {name: fields.whole(span, name, param=f"created[{name}]") for name in tests}
    return all(tests[name](bound) for name, bound in bounds.items() if bound is not None)
