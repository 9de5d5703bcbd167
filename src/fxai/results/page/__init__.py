"""HTML pages. Each page is one file that opens without network."""
