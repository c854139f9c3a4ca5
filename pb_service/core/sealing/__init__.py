"""Sealed ballots: a ballot is locked on the voter's device, shuffled by the trustees, and opened by a quorum of them.

Pure functions over bytes and integers; docs/protocol.md is normative. Randomness is passed in. libsodium does the
arithmetic of the group, behind `group`; nothing else knows of it.
"""
