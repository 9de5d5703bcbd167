"""Features of each bar, built in or made by functions of the user."""
