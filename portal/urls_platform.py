"""The platform host: sign-up and sign-in of agencies, their dashboards, the webhooks of Stripe and HMS."""

from django.urls import include, path

from portal import errors
from portal.health import healthz
from portal.platform.views import SignUpView
from portal.storefront.theme import picture, theme

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    # A dashboard wears the colours of its agency.
    path("theme/<slug:digest>.css", theme, name="theme"),
    path("brand/<slug:digest>.png", picture, name="picture"),
    # Before allauth's own: an owner's sign-up asks for the agency as well.
    path("account/signup/", SignUpView.as_view(), name="account_signup"),
    path("account/", include("allauth.urls")),
    path("", include("portal.platform.urls")),
    path("agencies/<slug:slug>/", include("portal.dashboard.urls")),
    path("api/webhooks/", include("portal.hooks_in.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.broken
# Asked of this module by allauth, whatever the host.
handler429 = errors.too_many
