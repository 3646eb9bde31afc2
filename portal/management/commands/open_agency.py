from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agencies import opening
from domains import links, names
from people.models import User


class Command(BaseCommand):
    help = "Open an agency for an owner, who is made a person if the address is new (and signs in by a password reset)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slug", required=True, help="its address: 3 to 50 lowercase letters, digits, hyphens")
        parser.add_argument("--company", required=True, help="the name its clients see")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="who signs in to its dashboard")

    def handle(self, *args: Any, **options: Any) -> str:
        email = options["owner"].strip().lower()
        try:
            with transaction.atomic():
                owner = User.objects.filter(email=email).first() or User.objects.create_user(email)
                EmailAddress.objects.get_or_create(
                    user=owner, email=email, defaults={"verified": True, "primary": True}
                )
                agency = opening.open_agency(slug=options["slug"], company_name=options["company"], owner=owner)
        except (names.BadSlug, opening.TooManyAgencies) as error:
            raise CommandError(str(error)) from error
        return f"Opened {agency.slug} in schema {agency.schema_name}: {links.platform(f'/agencies/{agency.slug}/')}"
