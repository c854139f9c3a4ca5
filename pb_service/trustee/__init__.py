"""Tools of people outside the service: trustees, witnesses, monitors. They use core alone, and no database.

Whoever runs them trusts nothing that the service says: they read the public record, through witnesses, and compute.
"""
