"""Workflows: a graph is looked through when it is written; the list tells its size, one of them the whole."""

from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.answers import json_answer, refuse
from sandbox.hms import graphs
from sandbox.hms.kept import Kept
from sandbox.store import Document
from sandbox.world import World


def _check(world: World, organization: Document, given: dict[str, Any]) -> None:
    if "is_active" in given and not isinstance(given["is_active"], bool):
        raise refuse(400, "Invalid is_active", "It must be true or false.")
    if "definition" in given or "id" not in given:
        wrong = graphs.faults(given.get("definition"))
        if wrong:
            raise refuse(400, "Invalid workflow definition", details=wrong)


def _let_go(world: World, organization: Document, workflow: Document) -> None:
    numbers = world.store.find("hms_number", owner=organization["id"])
    used = sum(1 for number in numbers if number["workflow_id"] == workflow["id"])
    if used:
        raise refuse(409, "Workflow is in use", f"{used} phone number(s) run it. Detach them first.")


class Workflows(Kept):
    """The five things one does with them."""

    def __init__(self) -> None:
        fields = {"name": None, "definition": None, "is_active": True}
        super().__init__("hms_workflow", many="workflows", one="workflow", fields=fields, check=_check, release=_let_go)

    def _index(self, world: World, request: Request, organization: Document) -> Response:
        found = world.store.find(self.kind, owner=organization["id"])
        return json_answer({self.many: [self._summary(world, one) for one in found]})

    def _summary(self, world: World, document: Document) -> dict[str, Any]:
        shown = self.public(world, document)
        graph = shown.pop("definition")
        counts = {"node_count": len(graph["nodes"]), "edge_count": len(graph.get("edges", []))}
        return shown | {"entry_node": graph["entry_node"]} | counts


WORKFLOWS = Workflows()
