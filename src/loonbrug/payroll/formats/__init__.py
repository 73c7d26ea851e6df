"""Journal files in and out, pure: bytes and frozen values, no models.

`reading` tells by content what a file is and gives its journals or all its problems; `tabular` knows our
layout in CSV and XLSX, `templates` hands it out, `export` writes a journal for people.
"""
