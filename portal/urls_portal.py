"""An agency's portal, on its slug's host and on its own domain."""

from django.urls import include, path

from portal import errors
from portal.storefront.theme import initials_icon, picture, theme

urlpatterns = [
    path("theme/<slug:digest>.css", theme, name="theme"),
    path("brand/<slug:digest>.png", picture, name="picture"),
    path("brand/initials-<slug:look>.svg", initials_icon, name="initials_icon"),
    path("account/", include("allauth.urls")),
    path("api/v1/", include("portal.api.urls")),
    path("", include("portal.storefront.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
