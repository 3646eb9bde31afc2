"""Background jobs: each fetches, calls a core function and says when it wants to be called again.

A job is a function of its subject, run inside its agency's schema. `KINDS` lists them all; a follow-up of another kind
fails loudly in the worker. What belongs to no agency is cleaned by the clock.
"""

from portal.jobs.cleaning import forget_notifications, forget_sessions
from portal.jobs.registry import KINDS, hand_out, look_after

__all__ = ["KINDS", "forget_notifications", "forget_sessions", "hand_out", "look_after"]
