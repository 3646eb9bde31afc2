"""Settings, all from the environment (`.env.example` says what each variable means). Secrets have no default."""

from ipaddress import ip_network
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu.entity import Queue

from portal import production

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where we are -----------------------------------------------------------------------------------------------------
PRODUCTION = env.bool("PRODUCTION", default=False)
PUBLIC_SCHEME = env.str("PUBLIC_SCHEME", default="https")
PUBLIC_PORT = env.str("PUBLIC_PORT", default="")
PLATFORM_HOST = env.str("PLATFORM_HOST").lower()
OPERATOR_HOST = env.str("OPERATOR_HOST").lower()
INTERNAL_HOST = env.str("INTERNAL_HOST", default="127.0.0.1")
PLATFORM_NAME = env.str("PLATFORM_NAME", default="Portal")
HTTPS = PUBLIC_SCHEME == "https"

DEBUG = False
SECRET_KEY = env.str("SECRET_KEY")
# The first seals, all open. Each is 32 bytes in base64, and none of them is SECRET_KEY.
VAULT_KEYS = env.list("VAULT_KEYS")

# Hosts are decided by portal.hosts against the database, before anything else sees the request.
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

# --- The outside ------------------------------------------------------------------------------------------------------
HMS_API_URL = env.str("HMS_API_URL", default="https://api.hmsovereign.com/api/v1")
HMS_WEB_CALL_URL = env.str("HMS_WEB_CALL_URL", default="https://assistant-api.hmsovereign.com/v1/web-calls")
# Where HMS is told to report, as https://host: what leads to the process that waits for clients' endpoints. Empty: the
# platform, where the proxy in front picks these requests out.
HMS_REPORTS_TO = env.str("HMS_REPORTS_TO", default="").rstrip("/")
STRIPE_API_URL = env.str("STRIPE_API_URL", default="https://api.stripe.com")
STRIPE_CHECKOUT_ORIGIN = env.str("STRIPE_CHECKOUT_ORIGIN", default="https://checkout.stripe.com")
# Only where the local sandbox runs: lets `manage.py demo` ask it for keys.
SANDBOX_URL = env.str("SANDBOX_URL", default="")
# Private networks in which endpoints of customers may lie. Nothing else that is private is ever asked.
OUTSIDE_NETWORKS = [ip_network(one) for one in env.list("OUTSIDE_NETWORKS", default=[])]

# --- Agencies' own domains --------------------------------------------------------------------------------------------
# What an agency's CNAME leads to is a name under this one. It shows in their clients' DNS, so it is not the platform's.
DOMAIN_TARGET_BASE = env.str("DOMAIN_TARGET_BASE").lower()
# Where a name without a CNAME has to point: the addresses of our proxy.
INGRESS_ADDRESSES = env.list("INGRESS_ADDRESSES", default=[])
DNS_SERVERS = env.list("DNS_SERVERS", default=[])
DNS_AUTHORITATIVE_PORT = env.int("DNS_AUTHORITATIVE_PORT", default=53)
DNS_MAY_ASK_PRIVATE = env.bool("DNS_MAY_ASK_PRIVATE", default=False)
CERTIFICATE_PROBE = env.str("CERTIFICATE_PROBE", default="")
CAA_ISSUER = env.str("CAA_ISSUER", default="letsencrypt.org")
if f".{DOMAIN_TARGET_BASE}".endswith(f".{PLATFORM_HOST}"):
    raise ImproperlyConfigured("DOMAIN_TARGET_BASE must not be a name under PLATFORM_HOST: it shows in clients' DNS")

# --- Apps -------------------------------------------------------------------------------------------------------------
# Whole apps are shared or an agency's own. `people` and allauth's two are both; tests/architecture lists every table.
_BOTH = ["people", "allauth.account", "allauth.mfa"]
SHARED_APPS = [
    "django_tenants",
    "tenancy",
    *_BOTH,
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.contrib.humanize",
    "django.forms",
    "agencies",
    "leaving",
    "domains",
    "branding",
    "vault",
    "inbox",
    "follow_ups",
    "audit",
    "notifications",
    "allauth",
    "csp",
    "django_htmx",
    "django_cotton",
    "portal",
]
TENANT_APPS = [*_BOTH, "clients", "billing", "organizations", "calls"]
INSTALLED_APPS = list(dict.fromkeys([*SHARED_APPS, *TENANT_APPS]))
TENANT_MODEL = "agencies.Agency"
TENANT_DOMAIN_MODEL = "domains.Domain"
AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {
    "ENGINE": "tenancy.backend",
    "CONN_MAX_AGE": 120,
    "CONN_HEALTH_CHECKS": True,
    "ATOMIC_REQUESTS": False,
    "DISABLE_SERVER_SIDE_CURSORS": True,
}
# So many connections for all threads of a process, instead of one for each; portal.wsgi_hooks says why. 0: none shared.
DATABASE_POOL = env.int("DATABASE_POOL", default=0)
if DATABASE_POOL:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    _pool = {"min_size": 2, "max_size": DATABASE_POOL, "timeout": 3, "max_lifetime": 600}
    DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {}), "pool": _pool}
DATABASE_ROUTERS = ["tenancy.guard.SameSchemaRouter", "django_tenants.routers.TenantSyncRouter"]
TENANT_LIMIT_SET_CALLS = True

# --- Redis: cache and queue. It may lose everything at any moment. ----------------------------------------------------
REDIS_URL = env.str("REDIS_URL")
_CACHE = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
CACHES = {
    "default": {**_CACHE, "KEY_PREFIX": "cache", "KEY_FUNCTION": "django_tenants.cache.make_key"},
    # Which agency a host means is asked before a schema is entered.
    "hosts": {**_CACHE, "KEY_PREFIX": "hosts"},
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# Workers empty the first queue before they look at the second: kombu knows their order by their names.
_QUEUES = ("1-balances", "2-everything-else", "3-deliveries")
CELERY_TASK_QUEUES = [Queue(name) for name in _QUEUES]  # type: ignore[no-untyped-call]
CELERY_TASK_DEFAULT_QUEUE = "2-everything-else"
CELERY_BROKER_TRANSPORT_OPTIONS = {"queue_order_strategy": "sorted"}
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 2_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 300

# --- Requests ---------------------------------------------------------------------------------------------------------
# Host first: an unknown host gets one answer, no session and no file.
MIDDLEWARE = [
    "portal.hosts.HostMiddleware",
    "portal.security.HeadersMiddleware",
    "portal.hooks_in.middleware.HooksMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.whereabouts.WhereaboutsMiddleware",
    "portal.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.visiting.VisitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.dashboard.entrance.DashboardMiddleware",
]
ROOT_URLCONF = "portal.urls_platform"
WSGI_APPLICATION = "portal.wsgi.application"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.brand",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django_cotton.templatetags.cotton",
                "portal.templatetags.figures",
                "portal.templatetags.kit",
            ],
        },
    }
]
COTTON_DIR = "components"
COTTON_ISOLATE_BY_DEFAULT = True
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Static files -----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "portal.assets.VendorFinder",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Cookies, origins, headers ----------------------------------------------------------------------------------------
_COOKIE = "__Host-" if HTTPS else ""
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_NAME = f"{_COOKIE}session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_NAME = f"{_COOKIE}csrf"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failed"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LANGUAGE_COOKIE_NAME = f"{_COOKIE}language"
LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
HSTS_SECONDS = 31_536_000 if HTTPS else 0
X_FRAME_OPTIONS = "DENY"
# Headers, HSTS among them, come from portal.security; http never reaches us, Caddy answers it.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W004", "security.W008"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Recordings pass through the portal's own host: decision 0017.
        "media-src": [SELF],
        # The POST of the buy form is answered by a redirect to Checkout, which Chromium counts as part of the form.
        "form-action": [SELF, STRIPE_CHECKOUT_ORIGIN],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- People -----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.sign_in.Adapter"
ACCOUNT_FORMS = {"signup": "portal.sign_in.SignUpForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Beside allauth's own: opening makes a schema, looking up which slugs are free is for people who type one, and an
# invitation is a mail to somebody who did not ask for it.
ACCOUNT_RATE_LIMITS = {"open_agency": "20/h/user", "slug_check": "60/m/ip", "invite_member": "30/h/user"}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_SCHEME
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "portal.second_factor.Adapter"
MFA_RECOVERY_CODES_SHOW_ONCE = True
# An owner proves twice who they are, from the second sign-in on and before keys are exchanged. Off on a machine where
# one tries things out.
OWNERS_NEED_SECOND_FACTOR = env.bool("OWNERS_NEED_SECOND_FACTOR", default=True)

# --- Mail -------------------------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL")

# --- Words and time ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="Europe/Amsterdam")
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "portal.formats"

# --- Logs: one line each, secrets masked ------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "portal.logs.MaskSecrets"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["mask"], "formatter": "line"}},
    # httpx writes whole addresses at INFO, and ids of calls hold numbers of people.
    "loggers": {"httpx": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

# --- Bounds set by the operator ---------------------------------------------------------------------------------------
# The most credits that an agency may give or take by hand at once.
ALLOCATION_MAX_CREDITS = env.int("ALLOCATION_MAX_CREDITS", default=10_000)
# How often an hour the proxy is told that a name may have a certificate: in all, for names that never had one, and for
# one name. And how many refusals in a minute are usual.
CERTIFICATES_PER_HOUR = env.int("CERTIFICATES_PER_HOUR", default=100)
CERTIFICATES_PER_DOMAIN_PER_HOUR = env.int("CERTIFICATES_PER_DOMAIN_PER_HOUR", default=20)
CERTIFICATE_DENIALS_PER_MINUTE = env.int("CERTIFICATE_DENIALS_PER_MINUTE", default=60)
# For how many days an owner who closes an agency may take it back.
CLOSING_GRACE_DAYS = env.int("CLOSING_GRACE_DAYS", default=30)
# Signs what says that an agency was erased: 32 bytes in base64. Empty: a key derived from the first of VAULT_KEYS.
CERTIFICATE_KEY = env.str("CERTIFICATE_KEY", default="")

# --- Files of ours that are for one person ----------------------------------------------------------------------------
# Where archives lie until they are fetched. Web and worker processes share it; nothing serves it.
EXPORTS_ROOT = env.str("EXPORTS_ROOT", default=str(BASE_DIR / "var" / "exports"))

# --- What production refuses ------------------------------------------------------------------------------------------
if PRODUCTION:
    production.refuse_what_is_local(globals(), is_embedded=env.bool("EMBEDDED_SERVERS", default=False))
