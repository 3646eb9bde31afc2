"""The WSGI application: guards the door, meets faults, and hands each request to the one function of its address."""

import socket
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Request, Response

from sandbox import answers, faults, mail, pages, templating
from sandbox.answers import Refused
from sandbox.delivery import NotOnThisMachine, loopback_address
from sandbox.dns import routes as dns_routes
from sandbox.faults import AFTER_THE_EFFECT, Fault
from sandbox.hms import door
from sandbox.hms import routes as hms_routes
from sandbox.stripe import refusals
from sandbox.stripe import routes as stripe_routes
from sandbox.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LARGEST_BODY_BYTES = 5_000_000


def health(world: World, request: Request) -> Response:
    return answers.json_answer({"status": "ok"})


def add_fault(world: World, request: Request) -> Response:
    world.faults.add(faults.from_body(answers.read_json(request)))
    return answers.json_answer({"faults": world.faults.waiting()}, 201)


def show_faults(world: World, request: Request) -> Response:
    return answers.json_answer({"faults": world.faults.waiting()})


def clear_faults(world: World, request: Request) -> Response:
    world.faults.clear()
    return answers.json_answer({"faults": []})


RULES = [
    Rule("/_sandbox/health", methods=["GET"], endpoint=health),
    Rule("/_sandbox/faults", methods=["GET"], endpoint=show_faults),
    Rule("/_sandbox/faults", methods=["POST"], endpoint=add_fault),
    Rule("/_sandbox/faults", methods=["DELETE"], endpoint=clear_faults),
    Rule("/_sandbox/mail", methods=["GET"], endpoint=mail.as_json),
    Rule("/mail", methods=["GET"], endpoint=mail.index),
    Rule("/mail/<id_>", methods=["GET"], endpoint=mail.show),
    Rule("/mail/<id_>/html", methods=["GET"], endpoint=mail.html),
    *pages.RULES,
    *hms_routes.RULES,
    *stripe_routes.RULES,
    *dns_routes.RULES,
]


class App:
    """One sandbox as WSGI."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._map = Map([rule.empty() for rule in RULES], strict_slashes=False, merge_slashes=False)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = LARGEST_BODY_BYTES
        response = _stranger(self._world, request) or self._respond(request)
        if request.path.startswith(door.PREFIX):
            response = door.leave(self._world, request, response)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        is_lever = request.path.startswith("/_sandbox")
        fault = None if is_lever else self._world.faults.take(request.method, request.path)
        if fault is not None and fault.kind != AFTER_THE_EFFECT:
            return _without_effect(request, fault)
        response = self._dispatch(request)
        if fault is not None:
            time.sleep(fault.seconds)
            _cut(request)
        return response

    def _dispatch(self, request: Request) -> Response:
        try:
            handler, arguments = self._map.bind_to_environ(request.environ).match()
            return _called(handler, self._world, request, arguments)
        except Refused as refused:
            if request.path.startswith(("/do", "/mail", "/dns")):
                return templating.page("error.html", status=refused.status, name=refused.body["error"])
            return refused.answer()
        except RequestRedirect as redirect:
            return Response(status=redirect.code, headers={"Location": redirect.new_url})
        except HTTPException as error:
            return _not_served(request, error)


def _called(handler: Any, world: World, request: Request, arguments: Any) -> Response:
    response: Response = handler(world, request, **arguments)
    return response


def _stranger(world: World, request: Request) -> Response | None:
    """A refusal for a request that did not come by a name of this machine, or was sent by another site's page."""
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
        if name not in world.also_named:
            loopback_address(name)
    except (NotOnThisMachine, ValueError):
        return answers.json_answer({"error": "The sandbox answers to names of this machine only."}, 421)
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin is not None and urlsplit(origin).netloc != request.host:
        return answers.json_answer({"error": "Another site's page may not do this."}, 403)
    return None


def _without_effect(request: Request, fault: Fault) -> Response:
    if fault.kind in ("hang", "cut"):
        time.sleep(fault.seconds if fault.kind == "hang" else 0)
        _cut(request)
        return Response(status=500)
    time.sleep(fault.seconds)
    return faults.wrong_answer(fault.kind, request.path)


def _cut(request: Request) -> None:
    """Ends the connection under the answer: whoever asked never hears it."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side has left already, which is what a cut is for.
        return


def _not_served(request: Request, error: HTTPException) -> Response:
    status = error.code or 500
    if request.path.startswith("/stripe"):
        message = f"Unrecognized request URL ({request.method}: {request.path.removeprefix('/stripe')})."
        return refusals.refuse(404 if isinstance(error, MethodNotAllowed) else status, message).answer()
    if request.path.startswith(("/hms", "/_sandbox")):
        name = "Not found" if isinstance(error, NotFound) else error.name
        return answers.json_answer({"error": name}, status)
    return templating.page("error.html", status=status, name=error.name)
