"""Properties of the bars' timestamps, and checks of their time zone."""
