"""One row per act; rows are never changed or removed (a trigger refuses it)."""

from django.db import models


class Record(models.Model):
    """Who did what to what, when. Holds no secret and no person's salary."""

    office_id = models.BigIntegerField()
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    verb = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    details = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["office_id", "subject_kind", "subject_id", "at"])]
