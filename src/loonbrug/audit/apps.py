"""Names this app to Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "loonbrug.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
