"""`pb-verify`: the auditors' checker, a second implementation of docs/schemas/bundle.md.

It imports nothing of the service that it checks and nothing outside the standard library, so that whoever distrusts
the service, or its libraries, has only these files and Python itself to read.
"""
