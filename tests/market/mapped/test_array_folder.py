from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.market.mapped.array_folder import ArrayWriter, map_arrays


def write(folder: Path) -> None:
    with ArrayWriter(folder) as writer:
        for row in range(3):
            writer.append("numbers", np.full((2, 3), row, np.float32))
        writer.append("times", np.arange(4).astype("datetime64[ns]"))
        writer.append("none", np.zeros((0, 5)))
        writer.finish({"name": "a", "bars": [1, 2]})


def test_rows_are_joined_and_facts_return(tmp_path: Path) -> None:
    write(tmp_path / "arrays")
    found = map_arrays(tmp_path / "arrays")
    assert found is not None
    assert found.facts == {"name": "a", "bars": [1, 2]}
    assert found.arrays["numbers"].dtype == np.float32
    np.testing.assert_array_equal(found.arrays["numbers"][:, 0], [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(found.arrays["times"], np.arange(4).astype("datetime64[ns]"))
    assert found.arrays["none"].shape == (0, 5)


def test_a_write_to_a_mapped_array_changes_no_file(tmp_path: Path) -> None:
    write(tmp_path / "arrays")
    found = map_arrays(tmp_path / "arrays")
    assert found is not None
    found.arrays["numbers"][:] = 7
    again = map_arrays(tmp_path / "arrays")
    assert again is not None
    assert again.arrays["numbers"].max() == 2


def test_rows_of_another_form_are_refused(tmp_path: Path) -> None:
    with ArrayWriter(tmp_path / "arrays") as writer:
        writer.append("numbers", np.zeros((2, 3)))
        with pytest.raises(ValueError, match="numbers has rows of float64"):
            writer.append("numbers", np.zeros((2, 4)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_folder_is_not_read(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("damaged") / "arrays"
    write(folder)
    path = data.draw(st.sampled_from([path for path in sorted(folder.iterdir()) if path.stat().st_size]))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    match data.draw(st.sampled_from(["changed", "cut", "longer", "missing"])):
        case "changed":
            content[place] ^= data.draw(st.sampled_from([1 << bit for bit in range(8)]))
        case "cut":
            del content[place:]
        case "longer":
            content.append(0)
        case "missing":
            path.unlink()
    if path.exists():
        path.write_bytes(content)
    assert map_arrays(folder) is None
