"""HTML pages that open without network. A report is one file; pages of plots share one file with plotly's script."""
