"""The mirror of the resolver: absolute addresses, made from what is stored and never from a request."""

from django.conf import settings

from domains.models import Domain


def slug_host(slug: str) -> str:
    """The host name that every agency has from the start."""
    return f"{slug}.{settings.PLATFORM_HOST}"


def own_names() -> tuple[str, ...]:
    """The platform's own hosts and bases: neither they nor what is under them can be an agency's own domain."""
    return (settings.PLATFORM_HOST, settings.OPERATOR_HOST, settings.INTERNAL_HOST, settings.DOMAIN_TARGET_BASE)


def absolute(host: str, path: str = "/") -> str:
    """The public address of a path on one of our hosts."""
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{settings.PUBLIC_SCHEME}://{host}{port}{path}"


def platform(path: str = "/") -> str:
    """The address of a path on the platform host."""
    return absolute(settings.PLATFORM_HOST, path)


def portal(agency_id: int, path: str = "/") -> str:
    """The address of a path on the agency's portal, under its primary domain."""
    return absolute(Domain.objects.get(tenant_id=agency_id, is_primary=True).domain, path)
