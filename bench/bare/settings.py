"""The smallest project with a database."""

import environ

SECRET_KEY = "of no use to anybody"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
DATABASES = {"default": environ.Env().db_url("DATABASE_URL") | {"CONN_MAX_AGE": None}}
ROOT_URLCONF = "bench.bare.views"
USE_TZ = True
