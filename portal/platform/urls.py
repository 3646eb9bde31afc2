"""Addresses of the platform's own pages."""

from django.urls import path

from portal.platform import invited, security, views

app_name = "platform"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("slug-check/", views.slug_check, name="slug_check"),
    path("agencies/", views.agencies, name="agencies"),
    path("agencies/closed/<int:agency_id>/", views.certificate, name="certificate"),
    path("invitations/<slug:token>/", invited.join, name="invitation"),
    path("security/", security.page, name="security"),
    path("security/sessions/end/", security.end_all, name="sessions_end"),
    path("security/sessions/<uuid:session_id>/end/", security.end, name="session_end"),
    path("open/", views.agency_new, name="agency_new"),
]
