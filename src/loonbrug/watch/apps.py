"""Names this app to Django."""

from django.apps import AppConfig


class WatchConfig(AppConfig):
    name = "loonbrug.watch"
    label = "watch"
    default_auto_field = "django.db.models.BigAutoField"
