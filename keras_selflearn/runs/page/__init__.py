"""A finished run as one HTML page to look at: `gather` what it shows, then `write_page`."""
