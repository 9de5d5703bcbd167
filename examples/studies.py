"""Studies from Python: run a shipped spec, read its results, compare studies, export them.

python examples/studies.py            # the quick search with TPE and with random search: some minutes
python examples/studies.py --quick    # few short trials
"""

import argparse
from typing import Any

import optuna

from fxai import (
    HPOAnalyzer,
    HPOConfig,
    compare_multiple_studies,
    create_hpo_dashboard,
    create_sqlite_storage,
    load_results,
    load_specs,
    run_study,
)

parser = argparse.ArgumentParser(description="Studies from Python.")
parser.add_argument("--quick", action="store_true", help="few and short trials")
quick = parser.parse_args().quick

(spec,) = load_specs("quick_search")
print(f"{spec.name} searches {len(spec.studies[0].parameters)} parameters")

shorter: dict[str, Any] = {}
if quick:
    shorter = {"training.total_updates": 2, "training.eval_frequency": 1, "training.n_envs": 4, "seeds_per_trial": 1}
    shorter["resources.lanes_per_worker"] = 3  # trainings at once; by default measured
    shorter |= {"confirm": "off", "verdict": "off"}  # the best trial is not trained again after the search
storage = create_sqlite_storage("studies.db")
for study_name, sampler_type in (("quick_tpe", "tpe"), ("quick_random", "random")):
    config = HPOConfig(
        study_name=study_name,
        n_trials=3 if quick else 50,
        n_jobs=1 if quick else -1,
        timeout=7200,  # 2 hours
        sampler_type=sampler_type,
        pruner_type="median",
        storage_url=storage,
    )
    results = run_study(spec, config=config, settings=shorter, results_dir="studies", plots=False)
    print(results)

# Read the stored results; this works in any later program.
found = load_results("quick_tpe", storage=storage)
print(f"TPE's best: {found.best_value:.6f} by {dict(found.best_params)}")
print(f"Found at random: {optuna.load_study(study_name='quick_random', storage=storage).best_value:.6f}")

# Compare the studies and write files.
compare_multiple_studies([("studies.db", "quick_tpe"), ("studies.db", "quick_random")], metric_name="mean_reward")
analyzer = HPOAnalyzer("studies")
analyzer.create_optimization_plots("quick_tpe", save_path="quick_tpe.html")
print(analyzer.generate_comparison_report())
analyzer.export_best_configurations("production_configs")
print("All studies:", create_hpo_dashboard("studies"))
