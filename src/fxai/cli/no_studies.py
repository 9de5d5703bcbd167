"""The message for a database without studies."""

from fxai.results.printed_command import StudyLocation


def no_studies(location: StudyLocation) -> str:
    return f"No studies yet. Start one: {location.command('run', 'quick_search')}"
