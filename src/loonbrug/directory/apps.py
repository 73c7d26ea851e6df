"""Names this app to Django."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "loonbrug.directory"
    label = "directory"
    default_auto_field = "django.db.models.BigAutoField"
