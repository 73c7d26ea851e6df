"""Django settings. Everything that differs per installation comes from environment variables.

LOONBRUG_DATA      folder for the database and the keys (default: .loonbrug in the current folder)
LOONBRUG_DATABASE  address of a PostgreSQL, postgresql://user:password@host/name (default: SQLite in that folder)
LOONBRUG_ENGINE    embedded: `loonbrug serve` does all the work (default);
                   procrastinate: any number of `loonbrug worker` processes do, on PostgreSQL
LOONBRUG_HOSTS     host names under which the pages are reached, separated by commas
LOONBRUG_ADDRESS   the address people type, for links in output (default http://127.0.0.1:8000)
LOONBRUG_AFAS_URL  template of AFAS's address, to point everything at a sandbox
LOONBRUG_NMBRS_CLIENT_ID  our application at Nmbrs; without it and the next two there is no connecting with Nmbrs
LOONBRUG_NMBRS_SECRET     its secret, or LOONBRUG_NMBRS_SECRET_FILE with the name of a file that holds it
LOONBRUG_NMBRS_SUBSCRIPTION_KEY  the key of our plan at Nmbrs, or LOONBRUG_NMBRS_SUBSCRIPTION_KEY_FILE likewise
LOONBRUG_NMBRS_URL one address in the place of Nmbrs's own, to point everything at a sandbox
LOONBRUG_SMTP      mail server as host:port; without it no mail is sent, and the service says so
LOONBRUG_MAIL_FROM the sender of our mail (default loonbrug@ the host of LOONBRUG_ADDRESS)
LOONBRUG_METRICS_TOKEN  what a collector of figures shows when it does not ask from this machine
LOONBRUG_SCALE     for rehearsals: divides AFAS's time limit, our margins, and the waits between two looks at Nmbrs
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

from loonbrug.project import logs
from loonbrug.project.databases import database
from loonbrug.project.engines import apps_of, chosen_engine
from loonbrug.project.key_files import encryption_keys, given_secret, secret_key
from nmbrs_client.auth import NMBRS

DATA = Path(os.environ.get("LOONBRUG_DATA", ".loonbrug")).resolve()
DATABASE = os.environ.get("LOONBRUG_DATABASE", "")
ENGINE = chosen_engine(name=os.environ.get("LOONBRUG_ENGINE", "embedded"), is_postgresql=bool(DATABASE))
ADDRESS = os.environ.get("LOONBRUG_ADDRESS", "http://127.0.0.1:8000")
AFAS_URL = os.environ.get(
    "LOONBRUG_AFAS_URL", "https://{participant_number}.{segment}.afas.online/ProfitRestServices"
)
TIME_SCALE = int(os.environ.get("LOONBRUG_SCALE", "1"))
NMBRS_CLIENT_ID = os.environ.get("LOONBRUG_NMBRS_CLIENT_ID", "")
NMBRS_SECRET = given_secret("LOONBRUG_NMBRS_SECRET", os.environ)
NMBRS_SUBSCRIPTION_KEY = given_secret("LOONBRUG_NMBRS_SUBSCRIPTION_KEY", os.environ)
NMBRS_URL = os.environ.get("LOONBRUG_NMBRS_URL", "")
ENCRYPTION_KEYS = encryption_keys(DATA / "secrets.keys")

SECRET_KEY = secret_key(DATA / "session.key")
ALLOWED_HOSTS = os.environ.get("LOONBRUG_HOSTS", "127.0.0.1,localhost").split(",")
CSRF_TRUSTED_ORIGINS = [ADDRESS]
DEBUG = False

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "loonbrug.audit",
    "loonbrug.access",
    "loonbrug.watch",
    "loonbrug.directory",
    "loonbrug.connections",
    "loonbrug.mappings",
    "loonbrug.payroll",
    "loonbrug.delivery",
    "loonbrug.planning",
    "loonbrug.web",
    *apps_of(ENGINE),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "loonbrug.web.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "loonbrug.web.middleware.ScopeMiddleware",
    "loonbrug.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "loonbrug.project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "loonbrug.web.context.shell",
            ],
        },
    }
]

DATABASES = {"default": database(address=DATABASE, folder=DATA)}
EMAIL_HOST, _, _port = os.environ.get("LOONBRUG_SMTP", "").partition(":")
EMAIL_PORT = int(_port or "25")
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = os.environ.get("LOONBRUG_MAIL_FROM", f"loonbrug@{urlsplit(ADDRESS).hostname}")
METRICS_TOKEN = os.environ.get("LOONBRUG_METRICS_TOKEN", "")
AUTH_USER_MODEL = "access.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", "Nederlands"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).resolve().parent.parent / "locale"]
USE_I18N = True
TIME_ZONE = "Europe/Amsterdam"
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A tick box for every journal of the largest office; the size of the form is limited above.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 60 * 60
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "loonbrug.web.error_pages.csrf_failure"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ADDRESS.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        # Asking for consent is a form that leads to Nmbrs's sign-in page.
        "form-action": ["'self'", _origin(NMBRS_URL or NMBRS.authorize)],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
LOGGING_CONFIG = None
logs.configure()
