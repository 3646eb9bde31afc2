"""How an agency's Checkout behaves: what buyers can enter there, what is added to the price, how it may be paid.

Pure. The gateway says it in Stripe's words; `billing.checkout_trial` has Stripe agree before it is kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from django.utils.translation import gettext as _

# Together with the account's own prefix, which Stripe puts in front.
LONGEST_SUFFIX = 22
_NOT_ON_STATEMENTS = re.compile(r"[^\x20-\x7e]|[<>\\'\"*]")


class OptionsRefused(ValueError):
    """Checkout cannot behave like this. `errors` holds a sentence for each option, under "" for all of it."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Options:
    """Everything is off until the agency switches it on."""

    promotion_codes: bool = False
    automatic_tax: bool = False
    tax_ids: bool = False
    invoices: bool = False
    card_only: bool = False
    # Stands behind the account's prefix on a buyer's statement of their card; "" leaves it to Stripe.
    statement_suffix: str = ""

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Options":
        """The options that were kept. A name that is not known any more is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})

    def written(self) -> dict[str, Any]:
        """The options as they are kept."""
        return asdict(self)

    def each_alone(self) -> "Iterator[tuple[str, Options]]":
        """Everything that is on, by name, as options with that one thing on."""
        for name, value in asdict(self).items():
            if value:
                yield name, Options(**{name: value})


def checked(options: Options) -> Options:
    """The options with a tidy suffix. Raises OptionsRefused for one that no statement can show."""
    suffix = " ".join(options.statement_suffix.split())
    sentence = _suffix_sentence(suffix) if suffix else ""
    if sentence:
        raise OptionsRefused({"statement_suffix": sentence})
    return replace(options, statement_suffix=suffix)


def _suffix_sentence(suffix: str) -> str:
    if len(suffix) > LONGEST_SUFFIX:
        return _("At most %(most)s letters fit on a statement.") % {"most": LONGEST_SUFFIX}
    if _NOT_ON_STATEMENTS.search(suffix):
        return _("Use letters without accents, digits and spaces. These are not allowed: < > \\ ' \" *")
    if not re.search(r"[A-Za-z]", suffix):
        return _("Use at least one letter, so that people know who it was.")
    return ""
