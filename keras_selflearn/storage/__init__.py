"""Files that are written whole, locks, checkpoints, JSON, CSV, arrays and digests.

It may import `console`. What a file means (a run, a classifier, a data set) must not come in: this
room knows bytes and paths.
"""
