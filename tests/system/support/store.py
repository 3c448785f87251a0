"""The database, read only, as anybody may."""
import sqlite3


def forge(path, sql):
    """Changes a database behind its back, with the triggers that would refuse it put aside meanwhile."""
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.executescript(sql)
    for _, trigger in triggers:
        connection.execute(trigger)
    connection.commit()
    connection.close()


def change_schema(path, sql):
    """Changes tables, views or triggers of a database, and leaves them so."""
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()


class Store:
    def __init__(self, path):
        self.path = path

    def rows(self, sql, *values):
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    def punches(self, employee=None, **columns):
        """Rows of the log in order, those whose columns have these values."""
        rows = self.rows("SELECT * FROM punches ORDER BY site, seq")
        wanted = {**columns, **({"employee_id": employee} if employee else {})}
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def types(self, employee):
        return [row["type"] for row in self.punches(employee)]

    def periods(self, employee):
        return self.rows("SELECT * FROM periods WHERE employee_id = ? ORDER BY in_seq", employee)

    def status(self, employee):
        rows = self.rows("SELECT * FROM employee_status WHERE employee_id = ?", employee)
        return rows[0] if rows else None
