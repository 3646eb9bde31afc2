from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leaving import certificates
from vault import signing


class Command(BaseCommand):
    help = "Check a certificate of erasure: unaltered, and signed by this platform. Asks no database."

    def add_arguments(self, parser: CommandParser) -> None:
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("file", nargs="?", metavar="FILE", help="the certificate")
        group.add_argument("--show-key", action="store_true", help="the public key that signs now, to be published")
        parser.add_argument(
            "--key", default="", help="a public key that is known to be ours, instead of this environment's"
        )

    def handle(self, *args: Any, **options: Any) -> str:
        if options["show_key"]:
            return signing.public_keys()[0]
        try:
            said = certificates.verified(Path(options["file"]).read_text(), public_key=options["key"])
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read.") from error
        except certificates.NotGenuine as error:
            raise CommandError(str(error)) from error
        agency, rows = said["agency"], sum(said["erased_rows_by_table"].values())
        return (
            f"Genuine. {agency['company_name']} (agency {agency['id']}, {agency['slug']}): {rows} rows erased, "
            f"{len(said['wallets'])} wallets, issued at {said['issued_at']}."
        )
