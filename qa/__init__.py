"""Questions in, cited answers out: understanding, retrieval, fusion, evidence, decision, citation.

Imports `corpus` and `index`. Importing this package costs nothing.
"""
