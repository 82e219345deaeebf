"""A fitted classifier as files for other runtimes, each compared with the classifier itself.

`formats` lists them, and `writing` writes one. What must not come in: runs and their records.
"""
