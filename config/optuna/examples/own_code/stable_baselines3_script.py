"""Trains PPO on CartPole. It runs alone, and in a search; in a search it sends reports to FxAI."""

import argparse
import json
import os

from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

EVALUATIONS = 6


def report(**values):
    """Write a line of JSON for FxAI, or to the terminal outside a search."""
    line = json.dumps(values)
    if "FXAI_REPORTS" not in os.environ:
        print(line)
        return
    with open(os.environ["FXAI_REPORTS"], "a") as reports:
        reports.write(line + "\n")


def main():
    """Train once, with six evaluations."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learning_rate", type=float, default=3e-4)
    parser.add_argument("--gamma", type=float, default=0.99)
    parser.add_argument("--n_epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=12_000)
    given = parser.parse_args()

    seed = given.seed % 2**31
    env = make_vec_env("CartPole-v1", n_envs=4, seed=seed)
    model = PPO(
        "MlpPolicy",
        env,
        learning_rate=given.learning_rate,
        gamma=given.gamma,
        n_epochs=given.n_epochs,
        n_steps=256,
        seed=seed,
        device="cpu",
    )
    for _ in range(EVALUATIONS):
        model.learn(given.steps // EVALUATIONS, reset_num_timesteps=False)
        mean, _ = evaluate_policy(model, make_vec_env("CartPole-v1", seed=seed + 1), n_eval_episodes=10)
        if folder := os.environ.get("FXAI_CHECKPOINT_DIR"):
            model.save(f"{folder}/model")
        report(step=model.num_timesteps, mean_episode_reward=mean)


if __name__ == "__main__":
    main()
