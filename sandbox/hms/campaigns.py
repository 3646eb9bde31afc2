"""Campaigns and their leads. A running one rings nobody by itself: a lever has it ring the next lead."""

import re
from typing import Any
from zoneinfo import available_timezones

from werkzeug.wrappers import Request, Response

from sandbox import ids, settings, times
from sandbox.answers import json_answer, read_json, refuse
from sandbox.hms import assistants, numbers, pools, readings, simulation
from sandbox.hms.auth import keyed
from sandbox.hms.kept import Kept, must_be_one_of
from sandbox.store import Document
from sandbox.world import World

STATUSES = ("draft", "scheduled", "paused", "cancelled")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_LEAD = "hms_lead"


def _check(world: World, organization: Document, given: dict[str, Any]) -> None:
    known = world.store.get("hms_campaign", str(given.get("id"))) if "id" in given else None
    if known is not None and known["status"] == "completed":
        raise refuse(400, "Campaign is completed", "A completed campaign cannot change.")
    must_be_one_of("status", given, STATUSES)
    if "agent_id" in given:
        assistants.owned(world, organization, given["agent_id"])
    for name in ("schedule_start_time", "schedule_end_time"):
        if name in given and not _CLOCK.fullmatch(str(given[name])):
            raise refuse(400, f"Invalid {name}", "It must be HH:MM:SS.")
    if "timezone" in given and given["timezone"] not in available_timezones():
        raise refuse(400, "Invalid timezone", "It must be an IANA name, such as Europe/Amsterdam.")
    wrong = [
        f"leads[{at}].phone_number is not in the international form"
        for at, lead in enumerate(given.get("leads") or [])
        if not numbers.is_phone_number(lead.get("phone_number"))
    ]
    if wrong:
        raise refuse(400, "Invalid leads", details=wrong)


class Campaigns(Kept):
    """Campaigns: with their leads when they are made, and with counts of them when they are shown."""

    def add(self, world: World, organization: Document, given: dict[str, Any]) -> Document:
        given = {**given, "agent_id": given.get("agent_id") or given.get("assistant_id")}
        with world.store.transaction():
            made = super().add(world, organization, given | {"status": "draft"})
            for lead in given.get("leads") or []:
                _add_lead(world, made, lead)
        return made

    def public(self, world: World, document: Document) -> dict[str, Any]:
        states = [_lead_shown(world, lead)["status"] for lead in world.store.find(_LEAD, owner=document["id"])]
        counts = {"total_leads": len(states), "completed_leads": states.count("completed")}
        return {**super().public(world, document), **counts, "failed_leads": states.count("failed")}


CAMPAIGNS = Campaigns(
    "hms_campaign",
    many="campaigns",
    one="campaign",
    fields={
        "name": None,
        "agent_id": None,
        "status": "draft",
        "system_message_template": None,
        "schedule_start_time": None,
        "schedule_end_time": None,
        "timezone": None,
    },
    required=("name", "agent_id", "schedule_start_time", "schedule_end_time", "timezone"),
    check=_check,
)


def _add_lead(world: World, campaign: Document, given: dict[str, Any]) -> Document:
    if not numbers.is_phone_number(given.get("phone_number")):
        raise refuse(400, "Invalid phone_number", "Use the international form, such as +31201234567.")
    at = times.now()
    lead = {
        "id": ids.uuid4(),
        "campaign_id": campaign["id"],
        "phone_number": given["phone_number"],
        "variables": given.get("variables") or {},
        "status": "pending",
        "call_id": None,
        "attempts": 0,
        "last_attempt_at": None,
        "created_at": times.iso(at),
    }
    world.store.add(_LEAD, lead["id"], lead, owner=campaign["id"], at=at)
    return lead


def _lead_shown(world: World, lead: Document) -> Document:
    """A lead with what became of its call."""
    call = world.store.get("hms_call", lead["call_id"]) if lead["call_id"] else None
    if call is None or not simulation.is_over(call):
        return lead
    return lead | {"status": "failed" if call["duration_seconds"] is None else "completed"}


@keyed
def leads(world: World, request: Request, organization: Document, id_: str) -> Response:
    campaign = CAMPAIGNS.owned(world, organization, id_)
    found = reversed(world.store.find(_LEAD, owner=campaign["id"]))
    return json_answer({"leads": [_lead_shown(world, lead) for lead in found]})


@keyed
def add_lead(world: World, request: Request, organization: Document, id_: str) -> Response:
    campaign = CAMPAIGNS.owned(world, organization, id_)
    return json_answer({"lead": _add_lead(world, campaign, read_json(request))}, 201)


@keyed
def remove_lead(world: World, request: Request, organization: Document, id_: str, lead_id: str) -> Response:
    campaign = CAMPAIGNS.owned(world, organization, id_)
    lead = world.store.get(_LEAD, lead_id)
    if lead is None or lead["campaign_id"] != campaign["id"]:
        raise readings.absent(world, "Lead", None)
    if _lead_shown(world, lead)["status"] == "calling":
        raise refuse(409, "Lead is being called")
    world.store.delete(_LEAD, lead_id)
    return readings.gone(world)


def ring_next(world: World, request: Request, id_: str) -> Response:
    """The lever: a running campaign rings its next pending lead. Refused 409 when it does not run or has none left."""
    campaign = world.store.get("hms_campaign", id_)
    if campaign is None:
        raise refuse(404, "Campaign not found")
    pending = [lead for lead in reversed(world.store.find(_LEAD, owner=id_)) if lead["status"] == "pending"]
    if campaign["status"] != "scheduled" or not pending:
        raise refuse(409, "The campaign does not run, or has nobody left to ring")
    organization = world.store.get("hms_organization", campaign["_organization"]) or {}
    config = world.store.get("hms_assistant", campaign["agent_id"]) or {"is_active": False}
    if not config["is_active"] or pools.seconds_in(world, organization) <= 0:
        raise refuse(409, "The campaign's assistant is off, or there are no minutes left")
    lead, at = pending[0], times.now()
    call = simulation.blank(
        world, organization, direction="outbound", config=config, number=None, customer=lead["phone_number"], at=at
    )
    lead |= {"status": "calling", "call_id": call["id"], "attempts": 1, "last_attempt_at": times.iso(at)}
    world.store.save(_LEAD, lead["id"], lead)
    rings = float(settings.read(world.store, "hms")["ring_seconds"])
    simulation.begin(world, organization, call, answer_after_seconds=rings)
    return json_answer({"call_id": call["id"], "lead_id": lead["id"]}, 201)
