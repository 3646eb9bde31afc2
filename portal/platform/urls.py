"""Addresses of the platform's own pages."""

from django.urls import path

from portal.platform import invited, views

app_name = "platform"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("slug-check/", views.slug_check, name="slug_check"),
    path("agencies/", views.agencies, name="agencies"),
    path("invitations/<slug:token>/", invited.join, name="invitation"),
    path("open/", views.agency_new, name="agency_new"),
]
