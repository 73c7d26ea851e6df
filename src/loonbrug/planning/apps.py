"""Names this app to Django."""

from django.apps import AppConfig


class PlanningConfig(AppConfig):
    name = "loonbrug.planning"
    label = "planning"
    default_auto_field = "django.db.models.BigAutoField"
