"""The auditors' confidential checks A1 to A4: sections 13 and 16 of docs/protocol.md."""
