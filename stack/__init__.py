"""The local stack: what `make up` and `make test` need to run the portal on a machine that has only Python.

Everything here uses the standard library alone, because part of it runs before the virtual environment exists.
"""
