"""Recordings: a tone for every call, at an address that nobody can guess, in parts for whoever asks for a part."""

import io
import wave

from werkzeug.wrappers import Request, Response

from sandbox import ids, settings
from sandbox.answers import refuse
from sandbox.hms import retention
from sandbox.store import Document
from sandbox.world import World

PATH = "/_sandbox/hms/recordings"
RATE = 8_000
LONGEST_SECONDS = 60
PITCHES = (440, 330)


def make(world: World, call: Document, seconds: int, at: float) -> str | None:
    """The address of a new recording; None while calls are not recorded, and for a call without time."""
    if not seconds or not settings.read(world.store, "hms")["recordings"]:
        return None
    token = ids.token(40)
    world.store.add("hms_recording", token, {"seconds": seconds, "at": at, "organization": call["_organization"]})
    return f"{world.base_url}{PATH}/{token}.wav"


def show(world: World, request: Request, token: str) -> Response:
    found = world.store.get("hms_recording", token)
    organization = world.store.get("hms_organization", found.get("organization", "")) if found else None
    if found is None or retention.is_content_over(organization, found.get("at", 0.0)):
        raise refuse(404, "Recording not found")
    body = tones(min(found["seconds"], LONGEST_SECONDS))
    response = Response(body, mimetype="audio/wav")
    response.make_conditional(request, accept_ranges=True, complete_length=len(body))
    return response


def tones(seconds: int) -> bytes:
    """So many seconds of two voices that take turns, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        for second in range(seconds):
            half = RATE // PITCHES[second % len(PITCHES)] // 2
            period = bytes([144] * half + [112] * half)
            sound.writeframes((period * (RATE // len(period) + 1))[:RATE])
    return file.getvalue()
