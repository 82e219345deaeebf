"""Files that are written whole, locks, checkpoints, JSON, CSV, arrays and digests.

This room imports the console alone. It knows bytes and paths; what a file means (a run, a
classifier, a data set) is decided in the rooms above.
"""
