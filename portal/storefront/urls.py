"""A client's pages. None of their addresses holds anything that means something outside: ids are random."""

from django.urls import path

from portal.storefront import access_tokens, browser_call, buying, calling, calls, documents, history, invited, visiting
from portal.storefront.home import home

app_name = "storefront"
urlpatterns = [
    path("", home, name="home"),
    path("invitation/<slug:token>/", invited.accept, name="invitation"),
    path("look/end/", visiting.end, name="visit_end"),
    path("look/<str:ticket>/", visiting.begin, name="visit"),
    path("who-looked/", visiting.looked, name="who_looked"),
    path("statement/", history.statement, name="statement"),
    path("statement/paper/", history.statement_sheet, name="statement_sheet"),
    path("statement/csv/", history.statement_csv, name="statement_csv"),
    path("calls/", calls.table, name="calls"),
    path("calls/csv/", calls.csv, name="calls_csv"),
    path("calls/live/", calls.live, name="calls_live"),
    path("calls/start/", calling.start, name="start_call"),
    path("calls/browser/", browser_call.start, name="browser_call"),
    path("calls/<uuid:call_id>/", calls.detail, name="call"),
    path("calls/<uuid:call_id>/end/", calls.end, name="end_call"),
    path("calls/<uuid:call_id>/said/", calls.said, name="call_said"),
    path("calls/<uuid:call_id>/recording/", calls.recording, name="call_recording"),
    path("buy/", buying.offers, name="buy"),
    path("buy/<uuid:package_id>/", buying.choose, name="buy_package"),
    path("purchases/", buying.history, name="purchases"),
    path("purchases/back/", buying.came_back, name="came_back"),
    path("purchases/left/<uuid:form_token>/", buying.left, name="left"),
    path("purchases/<uuid:purchase_id>/", buying.purchase, name="purchase"),
    path("purchases/<uuid:purchase_id>/check/", buying.check, name="check"),
    path("purchases/<uuid:purchase_id>/cancel/", buying.cancel, name="cancel"),
    path("purchases/<uuid:purchase_id>/receipt/", buying.receipt, name="receipt"),
    path("api-access/", access_tokens.page, name="tokens"),
    path("api-access/<uuid:token_id>/revoke/", access_tokens.revoke, name="revoke_token"),
    path("assistants/", calling.listing, name="assistants"),
    path("knowledge/", documents.page, name="knowledge"),
    path("knowledge/try/", documents.ask, name="try_knowledge"),
    path("knowledge/<uuid:document_id>/remove/", documents.remove, name="remove_document"),
]
