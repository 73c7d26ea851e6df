"""A hand in the database: its guards taken away within the test's transaction, and a statement run on it."""

from django.db import connection

_GUARDS = ("voucher_number_once", "debit_equals_credit", "booked_has_a_number")


def unguard() -> None:
    """Take away every constraint and trigger of the deliveries, as a restored or mended table may lack them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER delivery_payload_frozen")
            cursor.execute("CREATE TABLE copy AS SELECT * FROM delivery_delivery")
            cursor.execute("DROP TABLE delivery_delivery")
            cursor.execute("ALTER TABLE copy RENAME TO delivery_delivery")
            cursor.execute("CREATE UNIQUE INDEX copy_id ON delivery_delivery (id)")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("delivery_delivery", "delivery_payload"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("DROP INDEX one_live_delivery_per_entry")
        for name in _GUARDS:
            cursor.execute(f"ALTER TABLE delivery_delivery DROP CONSTRAINT {name}")


def sql(statement: str, *values: object) -> None:
    """Run one statement; it has to strike exactly one row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1
