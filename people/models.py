"""User, the one model that exists on both sides, and the rules that make that safe.

Its key is a UUID, so that no row of one schema can be taken for a row of another. It has no groups or permissions. A
user is never deleted, since relations of one side would follow the search path into the other: it is anonymised.
"""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UsersAreNeverDeleted(TypeError):
    """A user was to be deleted through the ORM. Anonymise it instead."""


class UserQuerySet(models.QuerySet["User"]):
    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: raises UsersAreNeverDeleted."""
        raise UsersAreNeverDeleted("users are anonymised, not deleted")

    def _raw_delete(self, using: str | None) -> int:
        raise UsersAreNeverDeleted("users are anonymised, not deleted")


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a person with this address, kept in lower case, and this password (None: cannot sign in by one)."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True, error_messages={"unique": _("This address is taken.")})
    name = models.CharField(_("name"), max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    # Opens the operators' admin. Only ever true in public.
    is_operator = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.email

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: raises UsersAreNeverDeleted."""
        raise UsersAreNeverDeleted("users are anonymised, not deleted")

    @property
    def is_staff(self) -> bool:
        """What Django's admin asks."""
        return self.is_operator

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Operators may see and change what their admin shows; nobody may delete a person there."""
        return self.is_active and self.is_operator and perm != "people.delete_user"

    def has_module_perms(self, app_label: str) -> bool:
        """Operators see every part of their admin."""
        return self.is_active and self.is_operator

    def get_full_name(self) -> str:
        """The name, or the address of somebody who gave none."""
        return self.name or self.email
