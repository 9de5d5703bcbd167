"""The prepared data of one instrument or several, and their summary."""
