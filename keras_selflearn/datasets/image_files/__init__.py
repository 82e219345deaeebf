"""Image files of any format and origin, read as RGB pixels.

`reading` reads one file, and `in_parallel` reads many. What must not come in: folders and labels.
"""
