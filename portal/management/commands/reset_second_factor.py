from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agencies import sessions, team
from audit import trail
from people.models import User
from portal import second_factor


class Command(BaseCommand):
    help = (
        "Take a team member's second factor away, after you have made sure who asks, and end their sessions. They set up another one when they "
        "sign in next. Written into the audit log of each of their agencies."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the team member's address")
        parser.add_argument("--by", required=True, metavar="EMAIL", help="the operator who does this")
        parser.add_argument("--reason", required=True, help="why, and how you made sure who asks")

    def handle(self, *args: Any, **options: Any) -> str:
        user = self._person(options["email"])
        operator = User.objects.filter(email=options["by"].strip().lower(), is_operator=True, is_active=True).first()
        if operator is None:
            raise CommandError(f"{options['by']} is no operator.")
        if not options["reason"].strip():
            raise CommandError("Say why.")
        with transaction.atomic():
            if not second_factor.remove_all(user):
                raise CommandError(f"{user.email} has no second factor.")
            sessions.end_all(user=user)
            self._write(user, operator, options["reason"].strip())
        return f"The second factor of {user.email} is gone."

    def _person(self, email: str) -> User:
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no team member with the address {email!r}.")
        return user

    def _write(self, user: User, operator: User, reason: str) -> None:
        who = trail.Who("operator", str(operator.pk), operator.email)
        for membership in sorted(team.memberships_of(user), key=lambda each: each.agency_id):
            trail.write(
                agency_id=membership.agency_id,
                who=who,
                what="second_factor.reset",
                subject=user.email,
                after={"why": reason},
            )
