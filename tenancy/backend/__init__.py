"""The database backend: django-tenants' own, with a search path that is proved when it is set."""
