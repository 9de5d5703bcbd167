from fxai.results.export.broker_orders import broker_orders, trading_hours
from fxai.spec.fields.env_config import EnvConfig


def test_the_orders_that_the_broker_holds_are_named_with_their_distances() -> None:
    text = "\n".join(broker_orders(EnvConfig(stop_loss=0.0125, take_profit=0.02)))
    assert "- stop loss: 1.25 % from the average entry price, below it for a long position" in text
    assert "- take profit: 2 % from the average entry price, on the other side" in text
    alone = "\n".join(broker_orders(EnvConfig(take_profit=0.02)))
    assert "stop loss" not in alone
    assert "take profit: 2 % from the average entry price, above it for a long position" in alone


def test_an_agent_without_such_orders_has_no_paragraph() -> None:
    assert not list(broker_orders(EnvConfig()))


def test_the_sessions_of_the_study_are_named() -> None:
    session = {"start": "09:30", "end": "16:00", "timezone": "America/New_York"}
    env = EnvConfig.model_validate({"sessions": session, "flat_by_close": True})
    text = "\n".join(trading_hours(env))
    assert "- 09:30 to 16:00, America/New_York, mon, tue, wed, thu, fri" in text
    assert "at the close of a session's last bar" in text
    assert not list(trading_hours(EnvConfig()))
