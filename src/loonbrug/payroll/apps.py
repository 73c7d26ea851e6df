"""Names this app to Django."""

from django.apps import AppConfig


class PayrollConfig(AppConfig):
    name = "loonbrug.payroll"
    label = "payroll"
    default_auto_field = "django.db.models.BigAutoField"
