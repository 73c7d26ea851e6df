"""Settings that every test runs under."""

import os
import tempfile

from hypothesis import settings

os.environ.setdefault("LOONBRUG_DATA", tempfile.mkdtemp(prefix="loonbrug-test-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loonbrug.project.settings")

# How long an example takes says something about the machine, not about the code.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
