"""Which agencies a command is for: `--agency SLUG` or `--all`, said the same way everywhere and never left out."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser

from agencies.models import Agency


def add_arguments(parser: CommandParser) -> None:
    """Add `--agency SLUG | --all`; one of the two is required."""
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--agency", metavar="SLUG", help="one agency, by its slug")
    group.add_argument("--all", action="store_true", help="every agency that is open")


def chosen(options: Mapping[str, Any]) -> list[Agency]:
    """The agencies that were asked for, oldest first.

    Raises CommandError for a slug that nobody has, and for an agency that is closed or being closed.
    """
    if options["all"]:
        return list(Agency.objects.filter(state=Agency.State.READY).order_by("id"))
    return [by_slug(options["agency"])]


def by_slug(slug: str) -> Agency:
    """The open agency with this slug. Raises CommandError like `chosen`."""
    agency = Agency.objects.filter(slug=slug).first()
    if agency is None:
        raise CommandError(f"There is no agency with the slug {slug!r}.")
    if not agency.is_ready:
        raise CommandError(f"The agency {agency.slug} is {agency.get_state_display().lower()}.")
    return agency
