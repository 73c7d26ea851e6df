"""Names this app to Django."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "loonbrug.connections"
    label = "connections"
    default_auto_field = "django.db.models.BigAutoField"
