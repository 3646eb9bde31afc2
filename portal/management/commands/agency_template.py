from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenancy import template


class Command(BaseCommand):
    help = "Show, check or write the SQL that opens an agency (tenancy/template.sql). Run with --write after makemigrations."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="replace the stored file")
        parser.add_argument("--check", action="store_true", help="fail when the stored file is out of date")

    def handle(self, *args: Any, **options: Any) -> str:
        text = template.render()
        if options["write"]:
            template.FILE.write_text(text)
            return f"Wrote {template.FILE.name}: {len(template.plan())} migrations."
        if options["check"]:
            if not template.FILE.exists() or template.FILE.read_text() != text:
                raise CommandError("tenancy/template.sql is out of date: run `manage.py agency_template --write`.")
            return f"{template.FILE.name} is up to date: {len(template.plan())} migrations."
        return text
