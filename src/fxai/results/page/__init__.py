"""Pages for people: one HTML file each, with all it needs within, that asks no network for anything."""
