"""A finished run as one HTML page: `gather` its contents, then `write_page`.

It may import what `runs` may import, and of `runs` only the record, the data and the projection.
Training, and decisions about a label, must not come in.
"""
