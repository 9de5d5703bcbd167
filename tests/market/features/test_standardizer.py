import json

import numpy as np
import pytest

from fxai.market.features.standardizer import CLIP, Standardizer

VALUES = np.random.default_rng(0).normal(loc=[3.0, -1.0], scale=[0.01, 100.0], size=(500, 2))


def test_what_it_was_fitted_to_has_mean_zero_and_deviation_one():
    scaled = Standardizer.fit(VALUES, ("a", "b")).apply(VALUES)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(scaled.std(axis=0), 1)


def test_outliers_are_clipped():
    scaled = Standardizer.fit(VALUES, ("a", "b")).apply(np.array([[1e9, -1e9]]))
    np.testing.assert_array_equal(scaled, [[CLIP, -CLIP]])


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e6])
def test_a_constant_feature_becomes_zero(constant: float):
    values = np.full((37, 1), constant)
    np.testing.assert_allclose(Standardizer.fit(values, ("a",)).apply(values), 0, atol=1e-6)


def test_it_survives_json():
    standardizer = Standardizer.fit(VALUES, ("a", "b"))
    assert Standardizer.from_lists(**json.loads(json.dumps(standardizer.to_lists()))) == standardizer


def test_a_joined_standardizer_has_the_columns_of_its_parts():
    parts = [Standardizer.fit(VALUES[place:], ("a", "b")) for place in (0, 100, 300)]
    joined = Standardizer.join(parts)
    assert np.array_equal(joined.apply(VALUES), np.hstack([part.apply(VALUES) for part in parts]))
    assert Standardizer.join(parts[:1]) == parts[0]


def test_it_fits_its_features_alone():
    one = Standardizer.fit(VALUES, ("a", "b"))
    joined = Standardizer.join([one, one])
    assert one.fits(("a", "b"))
    assert joined.fits(("a", "b"))
    for names in ((), ("a",), ("b", "a"), ("a", "b", "c")):
        assert not one.fits(names)
        assert not joined.fits(names)
    assert not Standardizer((), (), ()).fits(("a",))


def test_lists_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="2 names of features, 1 means, 2 standard deviations"):
        Standardizer(("a", "b"), (0.0,), (1.0, 1.0))
