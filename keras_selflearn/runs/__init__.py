"""One experiment: its folder, its record, cross-validation, progress, pictures and page.

It may import every room but `reproduction`. How to train, select or label must not come in: a run
calls the estimator and writes what it did.
"""
