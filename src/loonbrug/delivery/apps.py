"""Names this app to Django, and keeps its triggers in place."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeliveryConfig(AppConfig):
    name = "loonbrug.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from loonbrug.delivery.triggers import install  # noqa: PLC0415 (needs the apps to be loaded)

        post_migrate.connect(install, sender=self)
