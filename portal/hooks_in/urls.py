"""Where Stripe and HMS report, below /api/webhooks/ on the platform host."""

from django.urls import include, path

from portal.hooks_in import hms

urlpatterns = [
    path("stripe/", include("portal.hooks_in.stripe")),
    path("hms/<str:token>", hms.receive, name="hms_webhook"),
]
