"""Settings that every test runs under."""

import os
import tempfile

os.environ.setdefault("LOONBRUG_DATA", tempfile.mkdtemp(prefix="loonbrug-test-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loonbrug.project.settings")
