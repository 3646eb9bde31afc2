"""Pages from templates: everything is escaped, and a page may load nothing but the sandbox's own stylesheet."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

FOLDER = Path(__file__).parent
CONTENT_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
MINOR_DIGITS = {"jpy": 0, "krw": 0, "vnd": 0, "clp": 0, "bhd": 3, "kwd": 3, "tnd": 3}


def money(amount_minor: int, currency: str) -> str:
    """An amount in minor units as people read it: 40.00 EUR."""
    digits = MINOR_DIGITS.get(currency, 2)
    whole, rest = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole}{f'.{rest:0{digits}d}' if digits else ''} {currency.upper()}"


environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
environment.filters["money"] = money


def page(template: str, *, status: int = 200, policy: str = CONTENT_POLICY, **context: Any) -> Response:
    response = Response(
        environment.get_template(template).render(**context), status, content_type="text/html; charset=utf-8"
    )
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
