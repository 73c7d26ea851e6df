"""Names this app to Django."""

from django.apps import AppConfig


class MappingsConfig(AppConfig):
    name = "loonbrug.mappings"
    label = "mappings"
    default_auto_field = "django.db.models.BigAutoField"
