"""The Django project and every edge: hosts, pages, webhooks, jobs, commands. No rule of the business lives here."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
