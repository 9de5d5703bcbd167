"""Run by test_study_lease: takes the lease of a study, then tells one trial for each line of its stdin."""

import sys

from fxai.errors import StudyHeldError
from fxai.search.open_search import open_search
from fxai.search.study_lease import LeaseHolder, LeaseOffice
from fxai.spec.search.study import StudySpec
from small_study import DEFAULTS, FINGERPRINT, PARAMETERS, ask, complete


def main(url: str, seconds: float) -> None:
    office = LeaseOffice(url, "small")
    lease = office.try_take(lambda: LeaseHolder("there", 1, "127.0.0.1", 1, "token", seconds=seconds))
    assert lease is not None
    spec = StudySpec.model_validate({"study_name": "small", "parameters": PARAMETERS, "n_trials": 12})
    search = open_search(spec, url, fingerprint=FINGERPRINT, default_params=DEFAULTS, renew_lock=lease.renew)
    asked = ask(search)
    say(f"generation {lease.generation}")
    for _ in sys.stdin:
        try:
            search.tell(complete(asked, 0.25))
        except StudyHeldError as error:
            say(f"{type(error).__name__}: {error}")
        else:
            say("told")
            asked = ask(search)
    search.close()
    lease.close()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
