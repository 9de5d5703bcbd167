from fxai.pool.worker_slot import MODEL_SECONDS, START_SECONDS, start_limit
from fxai.protocol import LanePlan


def test_a_worker_that_loads_a_language_model_may_take_longer_to_start() -> None:
    """A GGUF file of 135 million weights took 30 s to convert on a free core, and more than 120 s on a busy one."""
    assert start_limit(LanePlan("llm_signal", {})) == MODEL_SECONDS > 10 * START_SECONDS
    assert start_limit(LanePlan("fx_trading", {})) == start_limit(None) == START_SECONDS
