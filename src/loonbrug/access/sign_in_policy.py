"""How long a sign-in link lives, and how many wrong passwords are too many."""

from datetime import timedelta

LINK_LIFE = timedelta(hours=1)
LINK_SALT = "loonbrug.access.sign-in-link"

#: So many wrong passwords from one address for one account, within the window, and it has to wait.
FAILURE_LIMIT = 5
FAILURE_WINDOW = timedelta(minutes=15)
