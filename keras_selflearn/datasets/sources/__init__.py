"""Images that lie in shards or behind an address, and not in a folder of this machine.

`find` tells what an address means, `tar` and `parquet` read one shard, and `store` keeps what is
decoded. What must not come in: a file system's package at import, and a network.
"""
