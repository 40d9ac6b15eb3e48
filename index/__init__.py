"""Passages in, an index generation out: terms, vectors, stores, and the switch from one generation to the next.

Imports only `corpus`. Importing this package costs nothing.
"""
