"""The evidence of a journal as files to keep."""
