"""Which language a page speaks: the visitor's own, else on a portal the agency's, else what the browser asks for."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class LanguageMiddleware(LocaleMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        resolution = getattr(request, "resolution", None)
        if resolution is None or resolution.agency is None or settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
            return
        language = resolution.agency.branding.language
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
