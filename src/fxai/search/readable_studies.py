"""Optuna's storage for whoever lists all studies of a database, one of which may be damaged."""

from optuna.storages import RDBStorage
from optuna.study._frozen import FrozenStudy
from sqlalchemy import select

from fxai.search import tables


class ReadableStudies(RDBStorage):
    """Leaves a study out of the list of all studies where its attributes or directions cannot be read."""

    def get_all_studies(self) -> list[FrozenStudy]:
        try:
            return super().get_all_studies()
        except Exception:  # noqa: BLE001 - a row can hold anything, and what reads it fails in its own way
            return self._readable()

    def _readable(self) -> list[FrozenStudy]:
        with self.engine.connect() as connection:
            ids = [row.study_id for row in connection.execute(select(tables.STUDIES.c.study_id))]
        return [study for study in map(self._study, sorted(ids)) if study is not None]

    def _study(self, study_id: int) -> FrozenStudy | None:
        try:
            return FrozenStudy(
                study_name=self.get_study_name_from_id(study_id),
                direction=None,
                directions=self.get_study_directions(study_id),
                user_attrs=self.get_study_user_attrs(study_id),
                system_attrs=self.get_study_system_attrs(study_id),
                study_id=study_id,
            )
        except Exception:  # noqa: BLE001
            return None
