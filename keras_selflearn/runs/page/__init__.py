"""A finished run as one HTML page: `gather` its contents, then `write_page`.

It may import what `runs` may import, and of `runs` only the record, the data and the projection.
Nothing here trains, and nothing here decides about a label.
"""
