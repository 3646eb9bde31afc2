"""The domain an organization's e-mail leaves from: one for each, checked in two steps or taken from Resend."""

import re
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import ids, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import byok, readings
from sandbox.hms.auth import keyed
from sandbox.store import Document
from sandbox.world import World

NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
KIND, REGION = "hms_domain", "eu-west-1"


def _own(world: World, organization: Document) -> Document:
    """The organization's domain. Refused 404."""
    domain = world.store.get(KIND, organization["id"])
    if domain is None:
        raise refuse(404, "Domain not found")
    return domain


def _shown(domain: Document | None, status: int = 200, **more: Any) -> Response:
    return json_answer({"domain": domain} | more, status)


def _set(world: World, organization: Document, name: str, resend_id: str, status: str) -> Document:
    at = times.iso(times.now())
    record = {"record": "SPF", "name": f"send.{name}", "type": "TXT", "ttl": "Auto", "status": status}
    domain: Document = {
        "id": ids.uuid4(),
        "org_id": organization["id"],
        "domain_name": name,
        "resend_domain_id": resend_id,
        "status": status,
        "region": REGION,
        "records": [record | {"value": "v=spf1 include:amazonses.com ~all"}],
        "created_at": at,
        "updated_at": at,
        "verified_at": at if status == "verified" else None,
    }
    world.store.delete(KIND, organization["id"])
    world.store.add(KIND, organization["id"], domain, owner=organization["id"])
    return domain


def _turn(world: World, organization: Document, status: str) -> Response:
    with world.store.transaction():
        domain, at = _own(world, organization), times.iso(times.now())
        domain |= {"status": status, "updated_at": at, "verified_at": at if status == "verified" else None}
        domain["records"] = [record | {"status": status} for record in domain["records"]]
        world.store.save(KIND, organization["id"], domain)
    return _shown(domain)


def _needs_resend(world: World, organization: Document) -> None:
    """Domains are kept at Resend, by the organization's own key. Refused 400 without one."""
    if not byok.has(world, organization, "resend"):
        raise refuse(400, "Resend API key missing", "Store your key for resend with POST /byok first.")


@keyed
def show(world: World, request: Request, organization: Document) -> Response:
    return _shown(world.store.get(KIND, organization["id"]))


@keyed
def create(world: World, request: Request, organization: Document) -> Response:
    _needs_resend(world, organization)
    name = read_json(request).get("domain_name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise refuse(400, "Invalid domain_name", "It must be a whole name, such as mail.example.com.")
    with world.store.transaction():
        if world.store.get(KIND, organization["id"]) is not None:
            raise refuse(409, "Domain already exists", "An organization has one domain. Delete it first.")
        return _shown(_set(world, organization, name, ids.uuid4(), "not_started"), 201)


@keyed
def delete(world: World, request: Request, organization: Document) -> Response:
    _own(world, organization)
    world.store.delete(KIND, organization["id"])
    return readings.gone(world)


@keyed
def verify(world: World, request: Request, organization: Document) -> Response:
    """Asks for a look at the records, which takes until somebody refreshes."""
    return _turn(world, organization, "pending")


@keyed
def refresh(world: World, request: Request, organization: Document) -> Response:
    began = _own(world, organization)["status"] != "not_started"
    return _turn(world, organization, "verified" if began else "not_started")


def _at_resend(organization: Document) -> Document:
    """The one domain that an organization has in its own account at Resend."""
    name = f"mail-{organization['id'][:8]}.test"
    return {"id": f"rd_{organization['id']}", "name": name, "status": "verified", "region": REGION}


@keyed
def choices(world: World, request: Request, organization: Document) -> Response:
    _needs_resend(world, organization)
    chosen = (world.store.get(KIND, organization["id"]) or {}).get("resend_domain_id")
    return json_answer({"domains": [_at_resend(organization)], "selected_domain_id": chosen})


@keyed
def choose(world: World, request: Request, organization: Document) -> Response:
    _needs_resend(world, organization)
    wanted, there = read_json(request).get("resendDomainId"), _at_resend(organization)
    if not isinstance(wanted, str) or not wanted:
        raise refuse(400, "Missing required field: resendDomainId")
    if wanted != there["id"]:
        raise refuse(404, "Resend domain not found")
    with world.store.transaction():
        domain = _set(world, organization, there["name"], wanted, "verified")
    return _shown(domain, message="Domain synced.")
