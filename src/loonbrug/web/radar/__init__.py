"""The radar in words: on the first page, and in the mail of the day."""
