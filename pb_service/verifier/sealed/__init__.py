"""Sealed ballots, checked a second time: docs/protocol.md read without a look at the code that made the votes."""
