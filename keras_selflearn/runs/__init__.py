"""One experiment: its folder, its record, cross-validation, progress, pictures and page.

It may import every room but `reproduction`. No network, no loss and no way to select or label
belongs here: a run only calls the estimator and writes what it did.
"""
