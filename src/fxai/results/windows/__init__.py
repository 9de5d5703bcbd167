"""The page over all windows of a study that is tuned again."""
