"""Addresses of an agency's dashboard, below /agencies/<slug>/. The middleware takes the slug."""

from django.urls import path

from portal.dashboard import brand, calls, clients, hms, overview, packages, payments, setup, statement

app_name = "dashboard"
urlpatterns = [
    path("", setup.home, name="home"),
    path("set-up/", setup.checklist, name="setup"),
    path("set-up/switch/", setup.switch, name="switch"),
    path("overview/", overview.overview, name="overview"),
    path("clients/", clients.table, name="clients"),
    path("clients/<uuid:client_id>/", clients.detail, name="client"),
    path("clients/<uuid:client_id>/statement/", statement.page, name="client_statement"),
    path("clients/<uuid:client_id>/statement/paper/", statement.sheet, name="client_statement_sheet"),
    path("clients/<uuid:client_id>/statement/csv/", statement.csv, name="client_statement_csv"),
    path("clients/<uuid:client_id>/allocate/", clients.allocate, name="allocate"),
    path("clients/<uuid:client_id>/entries/<int:version>/undo/", clients.undo, name="undo"),
    path("clients/<uuid:client_id>/organization/retry/", clients.organization_retry, name="organization_retry"),
    path("clients/<uuid:client_id>/organization/key/", clients.organization_key, name="organization_key"),
    path("calls/", calls.table, name="calls"),
    path("packages/", packages.table, name="packages"),
    path("packages/new/", packages.new, name="package_new"),
    path("packages/welcome/", packages.welcome_credits, name="welcome"),
    path("packages/margin/", packages.margin, name="package_margin"),
    path("packages/<uuid:package_id>/", packages.edit, name="package"),
    path("payments/", payments.keys, name="payments"),
    path("payments/webhook/", payments.set_up_webhook, name="payments_webhook"),
    path("hms/", hms.connection, name="hms"),
    path("hms/refresh/", hms.refresh, name="hms_refresh"),
    path("brand/", brand.look, name="brand"),
    path("brand/preview/", brand.preview, name="brand_preview"),
    path("address/", brand.address, name="address"),
]
