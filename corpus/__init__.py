"""Documents in, passages out: reading, cleaning, sectioning, chunking, and the words of both languages.

Imports no other stage. Importing this package costs nothing.
"""
