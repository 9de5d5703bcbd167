from importlib.metadata import version

from fxai.results.provenance import Provenance, spec_hash
from fxai.spec.search.study import StudySpec


def test_it_has_hashes_seed_and_versions_of_a_result(spec: StudySpec):
    record = Provenance.of(spec, data_hash="abc").as_json()
    assert record["data_hash"] == "abc"
    assert record["seed"] == 11
    assert record["spec_hash"] == spec_hash(spec)
    assert isinstance(record["versions"], dict)
    assert set(record["versions"]) == {"fxai", "optuna", "torch", "python"}
    assert record["versions"]["optuna"] == version("optuna")
    assert record["created"].endswith("+00:00")


def test_the_hash_follows_the_meaning_of_a_spec(spec: StudySpec):
    same = StudySpec.model_validate(spec.model_dump())
    assert spec_hash(same) == spec_hash(spec)
    assert spec_hash(spec.model_copy(update={"n_trials": 27})) != spec_hash(spec)
