"""Offices own everything; users see and do what their template allows."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from loonbrug.access.rights import Level, Part


class Office(models.Model):
    """The tenant (kantoor, master). Nothing is ever shared between offices."""

    name = models.CharField(max_length=120)


class Template(models.Model):
    """A named set of rights (template)."""

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint("office", Lower("name"), name="template_name_once_per_office")]


class Right(models.Model):
    """What a template allows on one part of the product; no row means none."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="rights")
    part = models.CharField(max_length=30, choices=[(part.value, part.name) for part in Part])
    level = models.CharField(max_length=10, choices=[(level.value, level.name) for level in Level])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["template", "part"], name="one_level_per_part")]


class UserManager(BaseUserManager["User"]):
    """Users are found by e-mail address, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person of one office, signing in with an e-mail address.

    `link_serial` numbers the person's sign-in links: only the newest works, and using it raises the number.
    `digest_hour` is the Amsterdam hour from which the day's overview is mailed, None for never; `digest_on` is the
    last day that was seen to.
    """

    office = models.ForeignKey(Office, on_delete=models.PROTECT)
    template = models.ForeignKey(Template, on_delete=models.PROTECT)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=5, default="nl")
    is_active = models.BooleanField(default=True)
    link_serial = models.PositiveIntegerField(default=0)
    digest_hour = models.PositiveSmallIntegerField(null=True, default=8)
    digest_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="email_address_once")]

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()


class FailedSignIn(models.Model):
    """A wrong password, kept so that guessing can be slowed down. Cleared by signing in and by age."""

    address = models.CharField(max_length=45)
    account = models.CharField(max_length=254)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "address", "at"], name="failed_sign_in")]
