from fxai.results.export.broker_orders import broker_orders
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
