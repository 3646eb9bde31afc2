"""Keeps a brand's stylesheet in step with its colours."""

from branding import theme
from branding.models import Branding


def dress(branding: Branding) -> None:
    """Make the stylesheet anew from the two colours. To be called before the row is saved."""
    made = theme.tokens(primary=branding.primary_color, accent=branding.accent_color)
    branding.stylesheet = theme.stylesheet(made)
    branding.stylesheet_digest = theme.digest(branding.stylesheet)
