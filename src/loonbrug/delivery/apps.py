"""Names this app to Django."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "loonbrug.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"
