"""Whether CAA records let an issuer make a certificate (RFC 8659 and RFC 8657). Pure."""

from collections.abc import Iterable

_CRITICAL = 128
_KNOWN = frozenset({"issue", "issuewild", "issuemail", "iodef"})
# How our certificates are proved; a record that allows other methods only does not allow ours.
_METHODS = frozenset({"http-01", "tls-alpn-01"})


def permits(records: Iterable[str], issuer: str) -> bool:
    """Whether one set of records, each as "flags tag value", permits a certificate for the name itself (no wildcard).

    A set without `issue` forbids nothing; an `issue` for nobody, or for others, does; so does a critical record that is
    not understood. A record that is bound to an account is somebody else's permission.
    """
    parsed = [_parts(record) for record in records]
    if any(flags & _CRITICAL and tag not in _KNOWN for flags, tag, _ in parsed):
        return False
    issues = [value for _, tag, value in parsed if tag == "issue"]
    return not issues or any(_allows(value, issuer) for value in issues)


def _parts(record: str) -> tuple[int, str, str]:
    flags, _, rest = record.partition(" ")
    tag, _, value = rest.partition(" ")
    return int(flags), tag.lower(), value


def _allows(value: str, issuer: str) -> bool:
    name, *parameters = (part.strip() for part in value.split(";"))
    if name.lower().removesuffix(".") != issuer.lower():
        return False
    given = {}
    for parameter in parameters:
        tag, _, said = parameter.partition("=")
        given[tag.strip().lower()] = said.strip()
    methods = given.get("validationmethods")
    return "accounturi" not in given and (methods is None or not _METHODS.isdisjoint(methods.split(",")))
