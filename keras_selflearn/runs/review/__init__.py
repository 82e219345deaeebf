"""A person looks at the labels of a run, in a browser: the page, its server, and corrections.csv.

It may import what `runs` may import, but nothing that waits for TensorFlow. How a correction is
learned from must not come in: `--corrections` of the next run reads the file.
"""
