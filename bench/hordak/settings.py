"""The smallest project that hordak runs in. The database comes from the bench, the connection stays open."""

import os

import dj_database_url

SECRET_KEY = "of no use to anybody"  # nothing is signed with it
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"]
DATABASES = {"default": dj_database_url.parse(os.environ["HORDAK_URL"]) | {"CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
CURRENCIES = ["EUR"]
DEFAULT_CURRENCY = "EUR"
