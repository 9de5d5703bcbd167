"""Report section: a chart of any metric against any parameter, chosen by the reader."""

from pydantic import JsonValue

from fxai.metric_text import axis_format, metric_names
from fxai.results.report.blocks import Absent, Chooser, Section
from fxai.results.report.sample import every_kth
from fxai.results.report.study_info import StudyInfo
from fxai.results.strict_json import json_value

_MOST = 1500


def chooser(info: StudyInfo) -> Section:
    name, title = "chooser", "Metric against parameter"
    reading = "Any metric of the completed trials against any parameter. The star is the best trial."
    trials, note = every_kth(info.ranked, _MOST, "their values")
    if not trials or not info.scales:
        return Section(name, title, [Absent("No trial has completed yet.")])
    others = dict.fromkeys(metric for trial in trials for metric in metric_names(trial.metrics))
    values = {info.record.metric: [trial.value for trial in trials]}
    values |= {
        metric: [trial.metrics.get(metric) for trial in trials] for metric in others if metric != info.record.metric
    }
    best = info.record.best
    axes: list[JsonValue] = []
    for scale in info.scales.values():
        places = [
            scale.coordinate(trial.params[scale.name]) if scale.name in trial.params else None for trial in trials
        ]
        axes.append({"name": scale.name, "values": json_value(places), "axis": json_value(scale.axis())})
    axes_of = {metric: axis_format(metric, trading=info.trading) for metric in values}
    data: JsonValue = {
        "trials": [trial.number for trial in trials],
        "best": None if best is None else best.number,
        "parameters": axes,
        "metrics": [
            {
                "name": metric,
                "values": json_value(column),
                "axis": json_value(axes_of[metric]),
            }
            for metric, column in values.items()
        ],
    }
    return Section(name, title, [Chooser(list(info.scales), list(values), data, note)], reading)
