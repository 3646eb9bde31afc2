"""The Celery application, and what it does by the clock. Its tasks are in portal.jobs."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["portal"], related_name="jobs")
app.conf.beat_schedule = {
    "sessions": {"task": "forget_sessions", "schedule": crontab(hour=3, minute=30)},
    "inbox": {"task": "forget_inbox", "schedule": crontab(hour=3, minute=45)},
    "notifications": {"task": "forget_notifications", "schedule": crontab(hour=4, minute=0)},
}
